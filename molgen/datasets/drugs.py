"""Drugs: the training molecules of MOSES and the bioactive ones, without molecules of test sets and like targets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain

from molgen.datasets import bioactive, moses
from molgen.datasets.encoding import Record
from molgen.datasets.splits import TRAIN
from molgen.datasets.targets import SIMILAR, TARGETS

COLLECTIONS = ("moses", "bioactive")
"""Where a molecule comes from. One that is in both counts as MOSES's, which is read first."""

LARGEST = 50
"""Heavy atoms."""

ELEMENTS = frozenset({"C", "N", "O", "S", "F", "Cl", "Br", "I", "P", "B"})

LEAST = 100
"""How often an atom token has to occur."""

TEN_DRUGS = (
    "CCS(=O)(=O)N1CC(CC#N)(n2cc(-c3ncnc4[nH]ccc34)cn2)C1",
    "NS(=O)(=O)c1cc2c(cc1Cl)NC(C1CC3C=CC1C3)NS2(=O)=O",
    "CCCCCCCC(=O)NC(CN1CCCC1)C(O)c1ccc2c(c1)OCCO2",
    "C#Cc1cccc(Nc2ncnc3cc(OCCOC)c(OCCOC)cc23)c1",
    "C=CC(=O)N1CCC(n2nc(C#Cc3cc(OC)cc(OC)c3)c3c(N)ncnc32)C1",
    "O=C(O)CSc1nnc(Br)n1-c1ccc(C2CC2)c2ccccc12",
    "NC(Cc1cc(I)c(Oc2ccc(O)c(I)c2)c(I)c1)C(=O)O",
    "CCC(C)C(=O)OC1CC(C)C=C2C=CC(C)C(CCC3CC(O)CC(=O)O3)C21",
    "CC(C)Nc1nc2cc(Cl)c(Cl)cc2n1C1OC(CO)C(O)C1O",
    "CCOC(=O)C(CCc1ccccc1)NC(C)C(=O)N1CC2(CC1C(=O)O)SCCS2",
)
"""The drugs whose fragments are completed in the benchmark of SAFE-GPT and GenMol; left out as a test set is."""


def available() -> bool:
    """Whether both sets are there."""
    return moses.FILES.available() and bioactive.FILES.available()


def fetch() -> None:
    """Fetch what is missing of both sets.

    Raises:
        MolgenError: no network, a wrong hash, a full disk.
    """
    moses.FILES.fetch()
    bioactive.FILES.fetch()


def fingerprint() -> str:
    """SHA-256 over the content and what is left out."""
    left_out = (*TEN_DRUGS, *TARGETS.values(), str(SIMILAR))
    parts = (moses.FILES.fingerprint(), bioactive.FILES.fingerprint(), *left_out, *sorted(ELEMENTS), str(LEAST))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def records() -> Iterator[Record]:
    """Training molecules, all of the official split ``train``.

    Raises:
        MolgenError: a set has not been fetched.
    """
    for record in moses.records((TRAIN,)):
        yield record._replace(collection="moses")
    for record in bioactive.records():
        yield record._replace(split=TRAIN, collection="bioactive")


def excluded() -> Iterator[Record]:
    """Molecules of test sets: both of MOSES, and the ten drugs."""
    return chain(moses.records(("test", "test_scaffolds")), (Record(i, text) for i, text in enumerate(TEN_DRUGS, 1)))
