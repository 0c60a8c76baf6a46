"""Molecule to graph and back, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from molgen.chem import (
    GraphCodec,
    MoleculeGraph,
    Vocabulary,
    canonical_smiles,
    data_to_graph,
    graph_to_data,
    graph_to_networkx,
    networkx_to_graph,
    standardize,
)
from molgen.chem.codec import pair_position, tokenize
from molgen.chem.standardize import has_stereo
from molgen.chem.strict import raw_smiles, strict_from_smiles, strict_smiles
from molgen.datasets.qm9 import QM9_FILE
from molgen.errors import MoleculeError, MolgenError
from molgen.io import read_smiles
from tests.conftest import FIXTURES

TRICKY = [
    "c1cc[nH]c1",  # hydrogen on aromatic nitrogen
    "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    "[O-][n+]1ccccc1",
    "C[N+](C)(C)CC([O-])=O",
    "O=S(=O)(N)c1ccc(cc1)Cl",
    "[NH3+]CC([O-])=O",
    "c1ccc2[nH]c3ccccc3c2c1",
    "CC#N",
    "[CH3]",  # radical
    "O=c1[nH]c(=O)c2[nH]cnc2[nH]1",
    "FC(F)(F)S(=O)(=O)O",
    "[H][H]",
    "B(O)O",
    "C[Si](C)(C)C",
    "c1cc[se]c1",
]


@pytest.mark.parametrize("kekulized", [False, True])
@pytest.mark.parametrize("text", TRICKY)
def test_round_trip_of_tricky_molecules(text: str, kekulized: bool) -> None:
    mol = standardize(text)
    canonical, tokens, _ = tokenize(mol, kekulized)
    codec = GraphCodec(Vocabulary.learn([tokens], kekulized))
    assert strict_smiles(codec.decode(codec.encode(mol))) == canonical == canonical_smiles(text)


def assert_exact(texts: list[str], kekulized: bool = False) -> None:
    encoded = [tokenize(standardize(text), kekulized) for text in texts]
    vocabulary = Vocabulary.learn([tokens for _, tokens, _ in encoded], kekulized)
    codec = GraphCodec(vocabulary)
    for canonical, tokens, bonds in encoded:
        graph = MoleculeGraph(np.array(vocabulary.encode(tokens), dtype=np.uint8), bonds)
        mol = codec.decode(graph)
        Chem.SanitizeMol(mol)
        assert Chem.MolToSmiles(mol) == canonical


@pytest.mark.parametrize("kekulized", [False, True])
def test_round_trip_of_some_qm9(smiles: list[str], kekulized: bool) -> None:
    assert_exact(smiles, kekulized)


@pytest.mark.slow
def test_round_trip_of_much_of_qm9() -> None:
    """Every fifth molecule; `benchmarks/round_trip.py` does all."""
    assert_exact([text for number, text in read_smiles(QM9_FILE) if number % 5 == 0])


def test_round_trip_of_some_moses() -> None:
    """Every 4,000th molecule of its three splits; `benchmarks/round_trip.py` does all, once they are fetched."""
    molecules = [text for _, text in read_smiles(FIXTURES / "moses_some.smi")]
    assert len(molecules) > 480
    assert_exact(molecules)


def test_order_is_that_of_the_canonical_smiles() -> None:
    canonical, tokens, bonds = tokenize(standardize("OCC(F)=O"))
    assert canonical == "O=C(F)CO"
    assert tokens == ["O", "C", "F", "C", "O"]
    assert bonds[pair_position(0, 1, 5)] == 2


def test_same_molecule_gives_the_same_graph() -> None:
    codec = GraphCodec(Vocabulary(("C", "O", "N", "c", "n")))
    graphs = [codec.encode(standardize(text)) for text in ("OCCc1ccccn1", "n1ccccc1CCO", "C(O)Cc1ccccn1")]
    assert all((g.atoms == graphs[0].atoms).all() and (g.bonds == graphs[0].bonds).all() for g in graphs)


def test_stereo_is_dropped_and_remembered() -> None:
    assert canonical_smiles("C[C@H](N)C(=O)O") == canonical_smiles("CC(N)C(=O)O")
    assert has_stereo("C/C=C/C") and not has_stereo("CC=CC")
    assert canonical_smiles("C/C=C/C") == canonical_smiles("CC=CC")


def test_pyg_and_networkx_both_ways(smiles: list[str]) -> None:
    molecules = [standardize(text) for text in smiles[:100]]
    vocabulary = Vocabulary.learn([tokenize(mol)[1] for mol in molecules])
    codec = GraphCodec(vocabulary)
    for mol in molecules:
        graph = codec.encode(mol)
        data, nx_graph = graph_to_data(graph), graph_to_networkx(graph, vocabulary)
        assert data.num_edges == 2 * mol.GetNumBonds() and data.is_undirected()
        assert nx_graph.number_of_edges() == mol.GetNumBonds()
        for back in (data_to_graph(data), networkx_to_graph(nx_graph, vocabulary)):
            assert (back.atoms == graph.atoms).all() and (back.bonds == graph.bonds).all()


def test_bad_networkx_graphs_are_named() -> None:
    vocabulary = Vocabulary(("C", "O"))
    graph = graph_to_networkx(GraphCodec(vocabulary).encode(standardize("CCO")), vocabulary)
    graph.edges[0, 1]["bond"] = "golden"
    with pytest.raises(MolgenError, match="golden"):
        networkx_to_graph(graph, vocabulary)
    graph.edges[0, 1]["bond"] = "single"
    graph.nodes[0]["atom"] = "N"
    with pytest.raises(MolgenError, match="N is not in the vocabulary"):
        networkx_to_graph(graph, vocabulary)
    graph.add_edge(1, 1, bond="single")
    graph.nodes[0]["atom"] = "C"
    with pytest.raises(MolgenError, match="itself"):
        networkx_to_graph(graph, vocabulary)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("C\nC", "whitespace"),
        ("C" * 20_000, "too_long"),
        ("C" * 500, "too_many_atoms"),
        ("C1CC", "unparsable"),
        ("C(C)(C)(C)(C)C", "unparsable"),
        ("not a molecule", "whitespace"),
        ("CC.O", "fragments"),
        ("N->[Cu]", "dative_bond"),
        ("[NH3][Pt](Cl)(Cl)[NH3]", "dative_bond"),  # written as single bonds; made dative by sanitisation
        ("N1(CC)(CC)[Fe]CC1", "dative_bond"),
    ],
)
def test_refusals_have_a_reason(text: str, reason: str) -> None:
    with pytest.raises(MoleculeError) as caught:
        standardize(text)
    assert caught.value.reason == reason


@pytest.mark.slow
@given(st.text(max_size=60))
def test_any_text_gives_a_molecule_or_a_named_refusal(text: str) -> None:
    try:
        assert strict_from_smiles(canonical_smiles(text)) is not None
    except MoleculeError as error:
        assert error.reason and str(error)


@given(st.text(alphabet="CNOcno()=#123[]H+-.F", max_size=40))
@settings(max_examples=300)
def test_anything_like_smiles_gives_a_molecule_or_a_named_refusal(text: str) -> None:
    try:
        mol = standardize(text)
    except MoleculeError:
        return
    _, tokens, _ = tokenize(mol)
    codec = GraphCodec(Vocabulary.learn([tokens]))
    assert codec.decode(codec.encode(mol)).GetNumAtoms() == mol.GetNumAtoms()


VOCABULARY = Vocabulary(("C", "N", "O", "c", "n", "[nH]", "[O-]", "[NH3+]", "F"))


@given(data=st.data(), n=st.integers(1, 7))
@settings(max_examples=300)
def test_any_graph_decodes_and_its_raw_smiles_tells_its_validity(data: st.DataObject, n: int) -> None:
    atoms = data.draw(st.lists(st.integers(0, len(VOCABULARY.atoms) - 1), min_size=n, max_size=n))
    pairs = n * (n - 1) // 2
    bonds = data.draw(st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 4]), min_size=pairs, max_size=pairs))
    graph = MoleculeGraph(np.array(atoms, dtype=np.uint8), np.array(bonds, dtype=np.uint8))
    mol = GraphCodec(VOCABULARY).decode(graph)
    assert strict_from_smiles(raw_smiles(mol)) == strict_smiles(mol)


@pytest.mark.parametrize(
    ("atoms", "bonds"), [(["F", "F"], [4]), (["[nH]", "F", "c", "n"], [0, 1, 4, 4, 0, 4]), (["F", "c"], [4])]
)
def test_an_aromatic_bond_outside_a_ring_stays_invalid_when_written(atoms: list[str], bonds: list[int]) -> None:
    numbers = [VOCABULARY.atoms.index(atom) for atom in atoms]
    mol = GraphCodec(VOCABULARY).decode(MoleculeGraph(np.array(numbers, np.uint8), np.array(bonds, np.uint8)))
    assert strict_smiles(mol) is None and strict_from_smiles(raw_smiles(mol)) is None


def test_categories_outside_the_vocabulary_are_refused() -> None:
    codec = GraphCodec(Vocabulary(("C",)))
    with pytest.raises(MolgenError, match="atom category"):
        codec.decode(MoleculeGraph(np.array([1], dtype=np.uint8), np.zeros(0, dtype=np.uint8)))
    with pytest.raises(MolgenError, match="bond category"):
        codec.decode(MoleculeGraph(np.array([0, 0], dtype=np.uint8), np.array([9], dtype=np.uint8)))
    with pytest.raises(MolgenError, match="pairs"):
        MoleculeGraph(np.zeros(3, dtype=np.uint8), np.zeros(2, dtype=np.uint8))


@pytest.mark.parametrize("atoms", [(), ("C", "C"), ("CC",), ("Xx",), ("",), ("C" * 50,)])
def test_bad_vocabularies_are_refused(atoms: tuple[str, ...]) -> None:
    with pytest.raises(MolgenError):
        Vocabulary(atoms)


def test_pairs_are_listed_row_by_row() -> None:
    for n in range(2, 7):
        pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
        assert [pair_position(i, j, n) for i, j in pairs] == list(range(len(pairs)))
        assert [pair_position(j, i, n) for i, j in pairs] == list(range(len(pairs)))


def test_a_graph_by_hand() -> None:
    """Canonical SMILES O=C(F)CO, atoms in its order; charges and hydrogens are in the tokens."""
    codec = GraphCodec(Vocabulary(("C", "O", "F", "[NH3+]", "[O-]")))
    graph = codec.encode(standardize("OCC(F)=O"))
    assert graph.atoms.tolist() == [1, 0, 2, 0, 1]
    assert graph.bonds.tolist() == [2, 0, 0, 0, 1, 1, 0, 0, 0, 1]
    mol = codec.decode(codec.encode(standardize("[NH3+]CC([O-])=O")))
    charges = {atom.GetSymbol(): atom.GetFormalCharge() for atom in mol.GetAtoms() if atom.GetFormalCharge()}
    assert charges == {"N": 1, "O": -1} and strict_smiles(mol) == "[NH3+]CC(=O)[O-]"


def test_alternating_bonds_and_aromatic_ones() -> None:
    for kekulized, kinds in ((False, {4}), (True, {1, 2})):
        _, tokens, bonds = tokenize(standardize("c1ccccc1"), kekulized)
        assert set(bonds[bonds > 0].tolist()) == kinds and set(tokens) == {"C" if kekulized else "c"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C[C@H](N)C(=O)O", "CC(N)C(=O)O"),
        ("F/C=C/F", "FC=CF"),
        ("[CH3:7]O", "CO"),
        ("OCC", "CCO"),
        ("C1=CC=CC=C1", "c1ccccc1"),
        ("CC.O", None),
        ("C(C)(C)(C)(C)C", None),
        ("c1cccc1", None),
        ("*C", None),
    ],
)
def test_strict_smiles_are_canonical_without_stereo(text: str, expected: str | None) -> None:
    assert strict_from_smiles(text) == expected


def test_what_is_strict_is_one_sane_fragment_that_is_not_changed() -> None:
    codec = GraphCodec(Vocabulary(("C", "F")))

    def drawn(atoms: list[int], bonds: list[int]) -> str | None:
        return strict_smiles(codec.decode(MoleculeGraph(np.array(atoms, np.uint8), np.array(bonds, np.uint8))))

    assert drawn([0, 0, 1], [1, 0, 1]) == "CCF"
    assert drawn([0, 0, 1], [1, 0, 0]) is None  # two fragments
    assert drawn([0, 1, 0], [1, 0, 1]) is None  # two bonds of fluorine
    assert drawn([0], []) == "C"
    mol = codec.decode(MoleculeGraph(np.array([0, 0], np.uint8), np.array([2], np.uint8)))
    before = Chem.MolToSmiles(mol)
    assert strict_smiles(mol) == "C=C" and Chem.MolToSmiles(mol) == before
    assert strict_smiles(Chem.Mol()) is None


def test_tokens_are_numbered_by_frequency_and_then_by_name() -> None:
    assert Vocabulary.learn([["C", "O", "N"], ["C", "N", "O"], ["F"]]).atoms == ("C", "N", "O", "F")
    assert Vocabulary(("C", "O")).encode(["O", "C", "O"]) == [1, 0, 1]
