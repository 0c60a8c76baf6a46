"""Text to tokens and back without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from molgen.datasets.qm9 import QM9_FILE
from molgen.errors import MolgenError
from molgen.io import read_smiles
from molgen.text.tokenizers import BytePairTokenizer, SelfiesTokenizer, SmilesTokenizer, TokenizerConfig, make_tokenizer


def test_bracket_atoms_and_two_letter_elements_are_one_token() -> None:
    split = SmilesTokenizer.split
    assert split("C[C@H](Br)c1cc[nH]c1Cl") == [
        *("C", "[C@H]", "(", "Br", ")", "c", "1", "c", "c", "[nH]", "c", "1", "Cl"),
    ]
    assert split("C%12CC%12") == ["C", "%12", "C", "C", "%12"]
    for text in ("C C", "Xx", "C[", "C\n", "é"):
        with pytest.raises(MolgenError, match="not SMILES"):
            split(text)


@pytest.mark.slow
def test_all_of_qm9_comes_back() -> None:
    texts = [text for _, text in read_smiles(QM9_FILE)]
    tokenizer = SmilesTokenizer.learn(texts)
    assert all(tokenizer.decode(tokenizer.encode(text)) == text for text in texts)


def test_selfies_come_back_as_the_same_molecule(smiles: list[str]) -> None:
    tokenizer = SelfiesTokenizer.learn(smiles)
    for text in smiles:
        again = tokenizer.decode(tokenizer.encode(text))
        assert Chem.CanonSmiles(again) == text
    with pytest.raises(MolgenError, match="no SELFIES"):
        tokenizer.encode("C(C)(C)(C)(C)C")


@given(st.text(alphabet="CNOcno()=#123[]+-Hl", max_size=20))
def test_what_splits_joins_to_the_same(text: str) -> None:
    try:
        tokens = SmilesTokenizer.split(text)
    except MolgenError:
        return
    assert SmilesTokenizer.join(tokens) == text


def test_vocabularies_are_ordered_stored_and_strict() -> None:
    tokenizer = SmilesTokenizer.learn(["CCO", "CCN", "C"])
    assert tokenizer.tokens == ("C", "N", "O")
    again = make_tokenizer(TokenizerConfig.model_validate(tokenizer.config.model_dump()))
    assert again.encode("CON") == [0, 2, 1] and again.decode([0, 3, 2]) == "C_O"
    with pytest.raises(MolgenError, match="'F'"):
        tokenizer.encode("CF")
    with pytest.raises(MolgenError, match="no texts"):
        SmilesTokenizer.learn([])
    for tokens in ((), ("C", "C"), ("C", "")):
        with pytest.raises(ValueError, match="tokens must"):
            TokenizerConfig(tokens=tokens)


def test_codes_say_what_tokens_have_in_common() -> None:
    def distance(a: str, b: str) -> int:
        return sum(x != y for x, y in zip(SmilesTokenizer.code(a), SmilesTokenizer.code(b), strict=True))

    assert distance("n", "[nH]") == 1 == distance("C", "c")
    assert distance("1", "2") == 1 < distance("1", "C")
    assert distance("O", "[O-]") == 1 and distance("[NH3+]", "[NH2+]") == 1
    assert distance("(", ")") == 1
    assert len(SelfiesTokenizer.code("[=C]")) == len(SelfiesTokenizer.code("[Ring1]")) == 4


@pytest.fixture(scope="module")
def pairs() -> BytePairTokenizer:
    return BytePairTokenizer.learn(["the cat sat on the mat", "the dog sat on the log, and that was that"], size=290)


@given(text=st.text(max_size=40))
def test_byte_pairs_bring_any_text_back(pairs: BytePairTokenizer, text: str) -> None:
    assert pairs.decode(pairs.encode(text)) == text


def test_byte_pairs_learn_frequent_ones_and_are_stored(pairs: BytePairTokenizer) -> None:
    assert len(pairs.tokens) <= 290 and len(pairs.encode("the that the")) < 8
    again = make_tokenizer(TokenizerConfig.model_validate_json(pairs.config.model_dump_json()))
    assert again.tokens == pairs.tokens and again.encode("the zebra") == pairs.encode("the zebra")
    assert pairs.decode([*pairs.encode("the"), 9999, *pairs.encode("cat")]) == "the_cat"
    with pytest.raises(ValueError, match="not a byte-pair vocabulary"):
        make_tokenizer(TokenizerConfig(kind="bpe", tokens=("a",), merges=(("a", "b"),)))
    with pytest.raises(MolgenError, match="no texts"):
        BytePairTokenizer.learn([""])
