"""A comparison, as the command line and Python ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molgen.comparison.plan import default_plan, parse_budget, read_plan
from molgen.comparison.rows import measure
from molgen.comparison.table import to_pandas, write_report
from molgen.errors import UsageError
from molgen.io import read_smiles, smiles_of, write_molecules
from molgen.system.files import passing_folder
from molgen.training.display import EVERYTHING, Display
from molgen.training.folder import MOLECULES_FILE

if TYPE_CHECKING:
    import pandas


def compare(
    config: str | Path | Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    *,
    data: str | Path | Iterable[Any] | None = None,
    budget: str | None = None,
    seeds: int | None = None,
    attempts: int | None = None,
    split: str | None = None,
    resume: bool = False,
    progress: bool | Callable[[str], object] = True,
) -> pandas.DataFrame:
    """Train, sample and score families of generators alike: what ``molgen compare`` does.

    Args:
        config: a TOML file, or its keys as a dictionary, with the rows to compare, see docs/compare.md; by default
            every family at about 1.5 million parameters. The arguments below win.
        out: folder of the comparison, new unless `resume`; it gets ``report.md``, ``report.csv`` and ``report.png``. By
            default nothing is kept on disk.
        data: a named set or a file, ``qm9`` by default; or SMILES or RDKit molecules in any iterable, which are kept in
            the folder.
        budget: training time of each row and seed: ``90s``, ``30m`` (default), ``2h``.
        seeds: repetitions of training and sampling, 1 by default.
        attempts: raw attempts to score, 10,000 by default.
        split: ``validation`` (default, to choose by) or ``test`` (to publish).
        resume: continue the comparison in `out`; what has been measured is not measured again.
        progress: true for bars and a line per step on terminals and in notebooks, false for nothing; or what is called
            with lines.

    Returns:
        One row per generator, seed and sampling setting, with the columns of ``report.csv``: ``row``, ``seed``,
        ``sampling``, ``parameters``, ``attempts``, ``calls`` (per attempt), ``seconds`` (of sampling), ``validity``,
        ``uniqueness``, ``novelty``, ``vun``, ``fcd``, ``likelihood_nats`` (per molecule) and others.

    Raises:
        UsageError: a bad configuration, or a folder that is taken.
        MolgenError: something cannot be trained or measured.
        Stopped: Ctrl-C or SIGTERM during training; with `out` nothing is lost.

    Example:
        >>> import molgen
        >>> small = {"network": {"width": 16, "layers": 1, "heads": 2}, "optimiser": {"sampled_molecules": 0}}
        >>> rows = [{"name": "words", "family": "autoregressive", "settings": small}]
        >>> table = molgen.compare({"rows": rows}, data=["C" * n for n in range(1, 60)], budget="1s", attempts=20)
        >>> table["row"].tolist(), table["attempts"].tolist()
        (['words'], [20])
    """
    if resume and out is None:
        raise UsageError("resume=True continues the comparison in a folder: name it by out")
    display = Display(bars=False, say=progress) if callable(progress) else Display.of(progress)
    with passing_folder() as temporary:
        return compare_run(
            config,
            temporary if out is None else Path(out),
            data=data,
            budget=budget,
            seeds=seeds,
            attempts=attempts,
            split=split,
            resume=resume,
            display=display,
        )


def compare_run(
    config: str | Path | Mapping[str, Any] | None,
    folder: Path,
    *,
    data: str | Path | Iterable[Any] | None,
    budget: str | None,
    seeds: int | None,
    attempts: int | None,
    split: str | None,
    resume: bool,
    display: Display = EVERYTHING,
) -> pandas.DataFrame:
    """The same in a folder; all that is shown is chosen.

    Args:
        config: see `compare`, as are the arguments that follow.
        folder: of the comparison.
        data: on what.
        budget: training time.
        seeds: repetitions.
        attempts: raw attempts.
        split: held-out molecules.
        resume: continue.
        display: what is shown.
    """
    values: dict[str, Any] = {
        "minutes": None if budget is None else parse_budget(budget),
        "seeds": None if seeds is None else tuple(range(seeds)),
        "attempts": attempts,
        "split": split,
    }
    if folder.exists() and any(folder.iterdir()) and not resume:
        raise UsageError(f"{folder} is not empty; choose another folder, or continue it with --resume")
    molecules = None if data is None or isinstance(data, str | Path) else list(smiles_of(data, "data"))
    file = (folder / MOLECULES_FILE).resolve()
    values["data"] = data if data is None else str(data if molecules is None else file)
    plan = default_plan(**values) if config is None else read_plan(config, **values)
    if molecules is not None:
        _keep(molecules, file)
    found = measure(plan, folder, display)
    write_report(folder, plan, found)
    return to_pandas(found)


def _keep(smiles: list[str], file: Path) -> None:
    """Write molecules to a file, or check that a file of a former call holds the same.

    Raises:
        UsageError: it holds others.
    """
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_molecules(file, smiles)
    elif [text for _, text in read_smiles(file)] != smiles:
        raise UsageError(f"{file.parent} holds a comparison on other molecules; choose another folder")
