from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from pydantic import TypeAdapter
from rdkit import Chem

from molgen.errors import MolgenError
from molgen.features.named_properties import PROPERTIES
from molgen.features.ring_oddities import ring_oddities
from molgen.scoring import Score
from molgen.scoring.calling import call_score
from molgen.scoring.fingerprints import FINGERPRINT_NAMES
from molgen.scoring.terms import AnyTerm, Term
from molgen.scoring.terms.base import SingleTerm
from tests.unit.system.test_signals import gone


def term(**settings: object) -> Term:
    return TypeAdapter(AnyTerm).validate_python(settings)  # type: ignore[no-any-return]


def value(smiles: str, **settings: object) -> float:
    return term(**settings).values([Chem.MolFromSmiles(smiles)])[0]


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_is_a_term(name: str) -> None:
    mol = Chem.MolFromSmiles("CC(=O)Nc1ccccc1")
    assert term(type="property", property=name.upper()).values([mol]) == [PROPERTIES[name].compute(mol)]


@pytest.mark.parametrize("name", FINGERPRINT_NAMES)
def test_every_fingerprint_finds_the_nearest_molecule(name: str) -> None:
    settings = {"type": "similarity", "molecules": ["OCCc1ccccc1", "CC(=O)Nc1ccccn1"], "fingerprint": name}
    assert value("OCCc1ccccc1", **settings) == 1
    other = value("CCCCCCN", **settings)
    assert 0 <= other < 0.9
    assert value("OCCc1ccccc1", **settings, of="mean") < 1


def test_counts_distinguish_what_bits_do_not() -> None:
    settings = {"type": "similarity", "molecules": ["CCCCCCCCCC"]}
    assert value("CCCCCCCC", **settings, fingerprint="morgan") == 1
    assert value("CCCCCCCC", **settings, fingerprint="ecfp4") < 1


def test_a_substructure_is_wanted_or_not() -> None:
    assert value("CCO", type="substructure", smarts="[OX2H]") == 1
    assert value("CCO", type="substructure", smarts="[OX2H]", present=False) == 0
    assert value("COC", type="substructure", smarts="[OX2H]") == 0


def test_rings_that_are_large_strained_or_not_listed_are_refused(tmp_path: Path) -> None:
    assert value("c1ccccc1", type="rings") == 1
    assert value("C1CCCCCCC1", type="rings") == 0
    assert value("C1CCCCCCC1", type="rings", largest=8) == 1
    assert value("C1CC#CC1", type="rings") == 0
    listed = tmp_path / "systems.smi"
    listed.write_text("c1ccccc1\n")
    assert value("Cc1ccccc1", type="rings", systems=listed) == 1
    assert value("Cc1ccccn1", type="rings", systems=listed) == 0
    assert ring_oddities(Chem.MolFromSmiles("C1CCCCCCCC1")) == ("a ring of 9 atoms",)


@pytest.mark.parametrize(
    ("entry", "allowed"),
    (
        ("C1=CC=CC=C1", "Cc1ccccc1"),  # a molecule, not written canonically
        ("CN1C=CC=C1", "CCn1cccc1"),  # its ring system has no hydrogen
        ("c1ccnc1", "CCn1cccc1"),  # the same, as ring systems are written: no molecule
    ),
)
def test_ring_systems_are_allowed_however_they_are_written(tmp_path: Path, entry: str, allowed: str) -> None:
    listed = tmp_path / "systems.smi"
    listed.write_text(f"{entry}\n")
    assert value(allowed, type="rings", systems=listed) == 1
    assert value("C1CCCC1", type="rings", systems=listed) == 0


def test_scaffolds_are_compared_with_and_without_elements() -> None:
    settings = {"type": "scaffold", "scaffold": "c1ccccc1CC"}
    assert value("Oc1ccccc1", **settings) == 1
    assert value("Oc1ccccn1", **settings) == 0
    assert value("Oc1ccccn1", **settings, generic=True) == 1
    assert value("Oc1ccccn1", **settings, same=False) == 1


def test_alerts_are_bad_by_default() -> None:
    alerts = term(type="alerts", catalogues=["BRENK"])
    found = np.array(alerts.values([Chem.MolFromSmiles("CC(=O)Cl"), Chem.MolFromSmiles("CCO")]))
    assert found.tolist() == [1, 0] and alerts.shaped(found).tolist() == [0, 1]


@pytest.mark.parametrize(("smiles", "number"), (("CF", 1), ("FC(F)F", 3), ("CO", 0)))
def test_elements_are_counted(smiles: str, number: int) -> None:
    assert value(smiles, type="element", element="F") == number


def program(folder: Path, body: str) -> str:
    file = folder / "program.py"
    file.write_text(f"import sys, time\nlines = sys.stdin.read().split()\n{body}\n")
    return f"{sys.executable} {file}"


MOLECULES = [Chem.MolFromSmiles(text) for text in ("C", "CC", "CCC")]


@pytest.mark.parametrize(
    ("body", "expected"),
    (
        ("for x in lines: print(len(x))", [1, 2, 3]),
        ("for x in lines: print(len(x) if x != 'CC' else 'failed')", [1, math.nan, 3]),
        ("for x in lines: print('inf')", [math.nan] * 3),
        ("print(1)", [math.nan] * 3),
        ("sys.exit(3)", [math.nan] * 3),
        ("time.sleep(60)", [math.nan] * 3),
        (r"sys.stdout.buffer.write(b'\xff\n1\n2\n')", [math.nan, 1, 2]),
    ),
)
def test_what_a_program_does_not_answer_is_a_failure(tmp_path: Path, body: str, expected: list[float]) -> None:
    dock = term(type="command", command=program(tmp_path, body), timeout=5 if "sleep" not in body else 0.3)
    assert dock.values(MOLECULES) == pytest.approx(expected, nan_ok=True)


def test_a_program_that_breaks_for_one_molecule_costs_its_own_call_alone(tmp_path: Path) -> None:
    body = "assert 'CC' not in lines\nfor x in lines: print(len(x))"
    dock = term(type="command", command=program(tmp_path, body), batch=1)
    assert dock.values(MOLECULES) == pytest.approx([1, math.nan, 3], nan_ok=True)


def test_a_function_that_raises_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_for_test.py").write_text("def f(smiles):\n    raise KeyError('x')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MolgenError, match=r"broken_for_test:f failed: KeyError: 'x'"):
        term(type="function", function="broken_for_test:f").values(MOLECULES)


def test_a_function_that_catches_everything_is_interrupted_all_the_same() -> None:
    def stubborn(smiles: list[str]) -> list[float]:
        for _ in smiles:
            try:
                time.sleep(5)
            except Exception:
                continue
        return [1.0] * len(smiles)

    begin = time.monotonic()
    with pytest.raises(MolgenError, match=r"took longer than 0.1 s"):
        call_score(stubborn, ["C", "CC", "CCC"], timeout=0.1)
    assert time.monotonic() - begin < 4


@pytest.mark.parametrize(("outer", "inner", "late"), ((0.3, 60, "outer"), (60, 0.3, "inner"), (0.3, None, "outer")))
def test_of_limits_within_each_other_each_is_kept_and_named(outer: float, inner: float | None, late: str) -> None:
    def around(smiles: list[str]) -> list[float]:
        call_score(lambda texts: [0.0 for _ in texts], smiles, "quick", timeout=30)  # ends, and with it its own limit
        return call_score(lambda texts: [time.sleep(5) or 0.0 for _ in texts], smiles, "inner", timeout=inner)

    begin = time.monotonic()
    with pytest.raises(MolgenError, match=rf"^{late} took longer than 0.3 s"):
        call_score(around, ["C"], "outer", timeout=outer)
    assert time.monotonic() - begin < 4


class Odd(SingleTerm):
    """A term that answers or raises for a molecule of two atoms."""

    answer: float = 0.0
    error: type[Exception] | None = None

    @property
    def label(self) -> str:
        return "odd"

    def value(self, mol: Chem.Mol) -> float:
        if mol.GetNumAtoms() == 2 and self.error is not None:
            raise self.error
        return self.answer if mol.GetNumAtoms() == 2 else 0.5


@pytest.mark.parametrize(
    "odd",
    [Odd(answer=one) for one in (math.inf, -math.inf, math.nan)]
    + [Odd(error=one) for one in (IndexError, OverflowError, RuntimeError, ValueError)],
)
def test_what_is_no_finite_number_of_a_molecule_is_no_value(odd: Odd) -> None:
    assert odd.values(MOLECULES) == pytest.approx([0.5, math.nan, 0.5], nan_ok=True)


def test_a_program_beside_the_file_that_names_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside").mkdir()
    dock = tmp_path / "beside" / "dock.sh"
    dock.write_text("#!/bin/sh\nawk '{print length($0)}'\n")
    dock.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    score = Score.of("beside", combine="mean", terms=[{"type": "command", "command": "./dock.sh"}])
    monkeypatch.chdir("/")
    assert score.table(["CCO"])["dock.sh"] == [3.0]


def test_a_molecule_on_which_rdkit_fails_has_no_value_and_the_others_have_theirs() -> None:
    scaffold = term(type="scaffold", scaffold="C1CCCC1", generic=True)
    found = scaffold.values([Chem.MolFromSmiles(text) for text in ("C1CCP2(C1)(CCC2)c1ccccc1", "CC1CCCC1")])
    assert math.isnan(found[0]) and found[1] == 1


def test_a_descriptor_that_divides_by_zero_has_no_value() -> None:
    found = term(type="descriptor", descriptor="SPS").values([Chem.MolFromSmiles(text) for text in ("[H][H]", "CC")])
    assert math.isnan(found[0]) and found[1] > 0


LEAVING = """
import os, subprocess
child = subprocess.Popen(["sleep", "77"])
open("started", "w").write(f"{os.getpid()} {child.pid}")
child.wait()
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="only POSIX ends groups of processes")
@pytest.mark.parametrize("limit", ("its own", "that of a function around it"))
def test_a_program_whose_time_is_over_ends_with_what_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.chdir(tmp_path)
    dock = term(type="command", command=program(tmp_path, LEAVING), timeout=2 if limit == "its own" else 60)
    if limit == "its own":
        assert math.isnan(dock.values(MOLECULES)[0])
    else:
        with pytest.raises(MolgenError, match="took longer than 2 s"):
            call_score(lambda _: dock.values(MOLECULES), ["C"], timeout=2)
    numbers = [int(number) for number in (tmp_path / "started").read_text().split()]
    assert len(numbers) == 2 and gone([psutil.Process(one) for one in numbers if psutil.pid_exists(one)])
