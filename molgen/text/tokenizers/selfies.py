"""SELFIES: a language in which every string is a molecule (Krenn et al., 2020), by the package of its authors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

import selfies

from molgen.errors import MolgenError
from molgen.text.tokenizers.base import UNKNOWN, Kind, SymbolTokenizer

_ATOM = re.compile(r"\[([=#/\\]?)(\d*)([A-Z][a-z]?)(.*)\]")


class SelfiesTokenizer(SymbolTokenizer):
    """Translates SMILES into SELFIES and takes its symbols as tokens.

    What comes back is the same molecule in another writing: aromatic rings are written with alternating bonds.
    """

    kind: ClassVar[Kind] = "selfies"

    @staticmethod
    def split(text: str) -> list[str]:
        try:
            return list(selfies.split_selfies(selfies.encoder(text)))
        except (selfies.EncoderError, ValueError) as error:
            raise MolgenError(f"{text!r} has no SELFIES: {str(error).strip().splitlines()[0]}") from None

    @staticmethod
    def join(tokens: Sequence[str]) -> str:
        known = [token for token in tokens if token != UNKNOWN]  # a mask has no SELFIES
        return str(selfies.decoder("".join(known)))

    @staticmethod
    def code(token: str) -> tuple[object, ...]:
        """Kind (atom, ring, branch), element, bond before it, charge and hydrogens."""
        kind = "ring" if "Ring" in token else "branch" if "Branch" in token else "atom"
        found = _ATOM.fullmatch(token)
        if kind != "atom" or found is None:
            return kind, token, "", ""
        return kind, found[3], found[1], found[4]
