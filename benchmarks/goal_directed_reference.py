"""Reference values of the goal-directed tasks of GuacaMol and PMO, by their original code, for tests/fixtures.

In an environment of its own:

    pip install rdkit scipy && pip install --no-deps guacamol==0.5.5
    pip download --no-deps --no-binary :all: PyTDC==0.4.1 && tar xzf PyTDC-0.4.1.tar.gz
    python benchmarks/goal_directed_reference.py MOLECULES.smi PyTDC-0.4.1 goal_directed.json.gz

PyTDC is not installed: of its oracles, the text of one file is executed, unchanged but for imports of packages
that these functions do not use.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import scipy

PMO = [
    "albuterol_similarity",
    "amlodipine_mpo",
    "celecoxib_rediscovery",
    "deco_hop",
    "fexofenadine_mpo",
    "isomers_c7h8n2o2",
    "isomers_c9h10n2o2pf2cl",
    "median1",
    "median2",
    "mestranol_similarity",
    "osimertinib_mpo",
    "perindopril_mpo",
    "qed",
    "ranolazine_mpo",
    "scaffold_hop",
    "sitagliptin_mpo",
    "thiothixene_rediscovery",
    "troglitazone_rediscovery",
    "valsartan_smarts",
    "zaleplon_mpo",
]


def guacamol(smiles: list[str]) -> dict[str, list[float]]:
    """Scores by name of the task, in the order of the suite."""
    scipy.histogram = numpy.histogram  # which has moved
    sys.modules["fcd"] = ModuleType("fcd")  # which goal-directed tasks do not use
    from guacamol.benchmark_suites import goal_directed_suite_v2

    return {task.name: [float(x) for x in task.objective.score_list(smiles)] for task in goal_directed_suite_v2()}


def pmo(smiles: list[str], package: Path) -> dict[str, list[float]]:
    """Scores by name of the task; each is run in a name space of its own, since some share global variables."""
    text = (package / "tdc" / "chem_utils" / "oracle" / "oracle.py").read_text()
    text = re.sub(r"^from \.\.\.utils import .*$", "", text, flags=re.MULTILINE)
    for name, contents in {
        "pkg_resources": {"get_distribution": lambda _: type("Stub", (), {"version": "1"})},
        "packaging": {"version": type("Stub", (), {"parse": staticmethod(lambda text: text)})},
        "networkx": {},
        "rdkit.six": {"iteritems": dict.items},
    }.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(contents)
    found = {}
    for name in PMO:
        space: dict[str, Any] = {"__name__": "oracle"}
        exec(compile(text, "oracle.py", "exec"), space)
        found[name] = [float(space[name](one)) for one in smiles]
    return found


if __name__ == "__main__":
    molecules, package, out = sys.argv[1:]
    smiles = Path(molecules).read_text().split()
    scores = {"guacamol": guacamol(smiles), "pmo": pmo(smiles, Path(package))}
    rounded = {
        suite: {name: [round(x, 9) for x in each] for name, each in tasks.items()} for suite, tasks in scores.items()
    }
    Path(out).write_bytes(gzip.compress(json.dumps({"smiles": smiles, **rounded}).encode(), mtime=0))
