"""SMILES atom by atom: every bracket atom is one token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from molgen.errors import MolgenError
from molgen.text.tokenizers.base import Kind, SymbolTokenizer

_TOKEN = re.compile(r"\[[^\]]+\]|Br|Cl|[BCNOPSFI]|[bcnops]|%\d\d|\d|[().=#$:/\\~*-]")
_BRACKET = re.compile(r"\[\d*([A-Z][a-z]?|[a-z]{1,2})(@{0,2})(H\d*)?([+-]\d*)?.*\]")


class SmilesTokenizer(SymbolTokenizer):
    """Splits SMILES with a regular expression (after Schwaller et al., 2019)."""

    kind: ClassVar[Kind] = "smiles"

    @staticmethod
    def split(text: str) -> list[str]:
        tokens = _TOKEN.findall(text)
        if sum(map(len, tokens)) != len(text):
            raise MolgenError(f"{text!r} holds characters that are not SMILES")
        return tokens

    @staticmethod
    def join(tokens: Sequence[str]) -> str:
        return "".join(tokens)

    @staticmethod
    def code(token: str) -> tuple[object, ...]:
        """Kind (atom, ring, bond, branch), element or symbol, aromaticity, charge, hydrogens."""
        found = _BRACKET.fullmatch(token)
        symbol, hydrogens, charge = (found[1], found[3] or "", found[4] or "") if found else (token, "", "")
        if symbol[0].isalpha():
            return "atom", symbol.capitalize(), symbol[0].islower(), charge, hydrogens
        kind = "ring" if symbol[0] in "0123456789%" else "branch" if symbol in "()" else "bond"
        return kind, symbol, False, "", ""
