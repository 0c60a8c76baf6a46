"""A library of molecules on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, Unpack

import pyarrow as pa

from molgen.constraints.filters import Texts
from molgen.errors import UsageError
from molgen.io import check_output
from molgen.library.begin import begin, check_free
from molgen.library.build import Progress
from molgen.library.columns import schema
from molgen.library.contents import Contents
from molgen.library.engines import engine_named
from molgen.library.excluded import check_excluded
from molgen.library.export import check_export, export, export_table, write_csv
from molgen.library.merge import merge
from molgen.library.pick import Method, pick
from molgen.library.query import answer
from molgen.library.row_filter import RowFilter
from molgen.library.run import check_versions, run
from molgen.library.settings import Settings, shard_size, written_conditions
from molgen.library.shard import open_request
from molgen.models.directory import find_model, model_path, read_header
from molgen.models.settings import SamplingSettings, names_settings
from molgen.system.arguments import whole
from molgen.system.shipped import DEFAULT_MODEL

if TYPE_CHECKING:
    import pandas

    from molgen.constraints.fragment import Fragment

_SHOWN = 10


class Library(Contents):
    """Molecules on disk, all different and annotated: a folder of Parquet files and a manifest.

    Args:
        path: of the folder, which need not be there before `build`.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> library = Library(f"{folder.name}/lib").build(20, model="qm9-text", jobs=1, progress=False)
        >>> len(library), list(library.query("SELECT count(*) AS n FROM molecules WHERE heavy_atoms > 0")["n"])
        (20, [20])
    """

    @names_settings
    def build(
        self,
        n: int,
        *,
        model: str | Path = DEFAULT_MODEL,
        seed: int = 0,
        filter: str | None = None,
        exclude: str | Path | Sequence[str | Path] = (),
        nearest: str | Path | None = None,
        fragment: str | Fragment | None = None,
        properties: Mapping[str, object] | None = None,
        atoms: object = None,
        collection: str | None = None,
        known_rings: bool = False,
        contains: Texts = (),
        without: Texts = (),
        engine: str = "local",
        address: str | None = None,
        jobs: int | None = None,
        batch_size: int = 128,
        device: str = "cpu",
        shard_attempts: int | None = None,
        max_attempts: int | None = None,
        progress: bool | Progress = True,
        **sampling: Unpack[SamplingSettings],
    ) -> Self:
        """Make n molecules, all different and annotated. What was finished when it stops is kept: see `resume`.

        Molecules depend on all arguments but `engine`, `address`, `jobs`, `max_attempts` and `progress`.

        Args:
            n: molecules to keep.
            model: a shipped model or a model directory.
            seed: with the number of an attempt it decides the attempt.
            filter: a condition in SQL on the columns, such as ``QED > 0.6 and SA < 4 and alerts_PAINS = 0``.
            exclude: files of molecules and libraries, whose molecules are left out.
            nearest: a named set or a file of training molecules, for a column with the similarity to the nearest.
            fragment: see `molgen.models.generator.Generator.generate`, as for the next ones.
            properties: values or ranges by name.
            atoms: number of heavy atoms, or a range.
            collection: of training molecules, that the molecules are to be like.
            known_rings: keep molecules only whose ring systems all occur in training molecules.
            contains: SMARTS that each molecule has.
            without: SMARTS that no molecule has.
            engine: ``local``, or ``ray`` for Ray.
            address: of a Ray cluster.
            jobs: processes; by default one per core. Scripts that use several need ``if __name__ == "__main__":``.
            batch_size: molecules per network call.
            device: that sampling runs on.
            shard_attempts: attempts of one shard, the work that is lost at most per process when it stops.
            max_attempts: give up after so many, rounded up to whole files of `shard_attempts`; by default 20 n + 1,000.
            progress: a bar, nothing, or what is called with the molecules kept and a line of text after each shard.
            **sampling: fields of `molgen.models.sampling.SamplingConfig` to override.

        Raises:
            UsageError: the folder is not empty, or something cannot be asked for.
            MolgenError: the attempts were not enough, the disk is full, or processes are lost again and again.

        Warns:
            ConditionWarning: a range lies outside what the model has been trained on.
            LeftOutWarning: molecules of `exclude` or `nearest` that cannot be used.
        """
        n = whole(n, "the number of molecules", least=1)
        most = None if max_attempts is None else whole(max_attempts, "max_attempts", least=1)
        check_free(self.path)
        excluded = [exclude] if isinstance(exclude, str | Path) else list(exclude)
        check_excluded(excluded)
        settings = Settings(
            model=model_path(model),
            weights_sha256=read_header(find_model(model)).weights_sha256,
            seed=whole(seed, "the seed"),
            batch_size=whole(batch_size, "the batch size", least=1),
            device=device,
            known_rings=known_rings,
            contains=_texts(contains),
            without=_texts(without),
            filter=filter,
            nearest=None if nearest is None else str(nearest),
            sampling={name: value for name, value in sampling.items() if value is not None},
            shard_attempts=shard_size(n)
            if shard_attempts is None
            else whole(shard_attempts, "shard_attempts", least=1),
            **written_conditions(fragment, properties, atoms, collection),
        )
        if filter is not None:
            RowFilter.of(filter, settings.schema)
        open_request(settings)  # which refuses what the model cannot be asked for
        with engine_named(engine, jobs, address) as workers:
            begin(self.path, n, settings, excluded, jobs, shown=progress is True)
            run(self._folder, workers, most, progress)
        return self

    def resume(
        self,
        n: int | None = None,
        *,
        engine: str = "local",
        address: str | None = None,
        jobs: int | None = None,
        max_attempts: int | None = None,
        progress: bool | Progress = True,
    ) -> Self:
        """Go on with a library that was stopped, make damaged shards again, or add molecules.

        Args:
            n: molecules to keep, if more than before.
            engine: see `build`, as for the others.
            address: of a Ray cluster.
            jobs: processes.
            max_attempts: give up after so many in all, rounded up to whole files.
            progress: a bar, nothing, or what is called.

        Raises:
            UsageError: it is not a library, is merged, or n is less than before.
            MolgenError: it was begun with other versions or another model, and what `build` raises.
        """
        manifest = self.manifest
        if manifest.settings is None:
            raise UsageError(f"{self.path} is merged from other libraries: build those, and merge them again")
        n = None if n is None else whole(n, "the number of molecules", least=1)
        most = None if max_attempts is None else whole(max_attempts, "max_attempts", least=1)
        if n is not None and n < manifest.requested:
            raise UsageError(
                f"{self.path} was begun for {manifest.requested:,} molecules; it can be given more, not {n:,}"
            )
        check_versions(manifest)
        with engine_named(engine, jobs, address) as workers:
            run(self._folder, workers, most, progress, n)
        return self

    def query(self, sql: str) -> pandas.DataFrame:
        """The answer to one SELECT about the table ``molecules``, which has a row for each molecule.

        Raises:
            UsageError: it is not a library, or the query is none that can be answered.
            MolgenError: the library is damaged.
        """
        with answer(self._folder, sql) as rows:
            return rows.table().to_pandas()

    def pick(
        self,
        n: int,
        method: Method = "diverse",
        *,
        score: str | None = None,
        ascending: bool = False,
        apart_by: float | None = None,
        near: str | Path | None = None,
        within: float | None = None,
        where: str | None = None,
        seed: int = 0,
        jobs: int | None = None,
        out: str | Path | None = None,
        overwrite: bool = False,
    ) -> pandas.DataFrame:
        """Some molecules with all their columns, see `molgen.library.pick.pick`; also written to a file.

        Args:
            n: molecules at most.
            method: ``diverse``, ``cluster`` or ``score``.
            score: column to sort by, with `method` score.
            ascending: the least values are the best.
            apart_by: Tanimoto distance that picks have at least.
            near: a file of molecules, and
            within: the largest Tanimoto distance to the nearest of them.
            where: condition in SQL on the columns.
            seed: of random choices.
            jobs: processes for the fingerprints.
            out: a file of molecules to write; ``id`` is the number of the attempt.
            overwrite: an existing file.

        Raises:
            UsageError: arguments that do not go together, or a file that may not be written.
            MolgenError: the library is damaged, or a fingerprint cannot be computed.

        Warns:
            LeftOutWarning: molecules of `near` that cannot be used.
        """
        if out is not None:
            check_output(out, overwrite)
        found = pick(
            self._folder,
            n,
            method,
            score=score,
            ascending=ascending,
            apart_by=apart_by,
            near=near,
            within=within,
            where=where,
            seed=seed,
            jobs=jobs,
        )
        if out is not None:
            names = [f"attempt{number}" for number in found["attempt"].to_pylist()]
            export_table(found.append_column("id", pa.array(names)), Path(out), overwrite)
        return found.to_pandas()

    def export(self, sql: str, out: str | Path | IO[bytes], *, overwrite: bool = False) -> None:
        """Write the answer to one SELECT to a file, or as comma-separated values to an open one.

        Args:
            sql: see `query`.
            out: ``.csv`` or ``.parquet`` for any number of rows; or ``.smi``, ``.sdf`` and so on, for rows with the
                column ``smiles``.
            overwrite: an existing file.

        Raises:
            UsageError: what `query` raises, or a file that cannot be written so.
        """
        if isinstance(out, str | Path):
            check_export(Path(out), overwrite)
        with answer(self._folder, sql) as rows:
            if isinstance(out, str | Path):
                export(rows, Path(out), overwrite)
            else:
                write_csv(rows, out)

    @staticmethod
    def explain(filter: str, nearest: bool = False, conditions: bool = False) -> list[str]:
        """What a filter means, in lines: the condition, and the columns that it looks at.

        Args:
            filter: see `build`.
            nearest: of a library with the similarity to a training set.
            conditions: of a library whose model is asked for something.

        Raises:
            UsageError: it is none, or has an unknown column.

        Example:
            >>> Library.explain("qed > 0.6")[0]
            'kept are molecules with (QED > 0.6)'
        """
        return RowFilter.of(filter, schema(nearest, conditions)).explained()

    @classmethod
    def merge(cls, sources: Sequence[str | Path], out: str | Path, *, jobs: int | None = None) -> Library:
        """One library with the molecules of several, see `molgen.library.merge.merge`."""
        with engine_named("local", jobs) as engine:
            merge(sources, out, engine)
        return cls(out)

    def __repr__(self) -> str:
        if not self._folder.exists:
            return f"Library({str(self.path)!r}, not built)"
        state = "" if self.manifest.finished else f" of {self.manifest.requested:,}"
        return f"Library({str(self.path)!r}, {len(self):,}{state} molecules)"

    def _repr_html_(self) -> str:
        from html import escape

        table = self.query(f"SELECT * FROM molecules LIMIT {_SHOWN}").to_html(border=0) if len(self) else ""
        return f"<p>{escape(repr(self))}</p>{table}"


def _texts(texts: Texts) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(dict.fromkeys(texts))
