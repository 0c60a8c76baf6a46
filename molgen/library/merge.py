"""Several libraries as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from molgen.errors import MolgenError, UsageError
from molgen.library.deduplicate import deduplicate
from molgen.library.engines import Engine
from molgen.library.manifest import SHARDS, Folder, Manifest, Note, Source, now
from molgen.library.settings import versions
from molgen.library.shard import read, schema_of, write
from molgen.system.files import whole_folder


def merge(sources: Sequence[str | Path], out: str | Path, engine: Engine) -> None:
    """Write a library with the molecules of several, each once; of equal ones that of the first library stays.

    Attempts of later libraries get higher numbers, so that each number occurs once. A column that a library lacks has
    no values there.

    Args:
        sources: libraries, of one or more models.
        out: folder of the new one.
        engine: that does the work.

    Raises:
        UsageError: fewer than two, one that is no library, or the folder exists.
        MolgenError: one is damaged, or the disk is full.
    """
    folders = [Folder(source) for source in sources]
    if len(folders) < 2:
        raise UsageError("merge takes two libraries or more")
    manifests = [folder.manifest() for folder in folders]
    notes = [folder.check() for folder in folders]
    with whole_folder(Path(out)) as temporary:
        merged = Folder(temporary)
        (temporary / SHARDS).mkdir()
        schema = pa.unify_schemas(
            [schema_of(folder, number) for folder, mine in zip(folders, notes, strict=True) for number in mine]
        )
        listed: list[Source] = []
        found: dict[int, Note] = {}
        offset = 0
        for folder, manifest, mine in zip(folders, manifests, notes, strict=True):
            listed.append(Source(name=folder.path.name, offset=offset, manifest=manifest.model_dump(mode="json")))
            for note in mine.values():
                number = len(found)
                write(merged.shard(number), _moved(read(folder, note.shard), offset, schema))
                found[number] = note.of_file(merged.shard(number), shard=number, first=note.first + offset, cut=False)
                merged.add_note(found[number])
            offset += max((note.first + note.attempts for note in mine.values()), default=0)
        found = deduplicate(merged, engine, found)
        merged.write_notes(found.values())
        rows = sum(note.rows for note in found.values())
        if not rows:
            raise MolgenError("the libraries have no molecules")
        merged.write_manifest(
            Manifest(
                settings=None,
                sources=listed,
                requested=rows,
                finished=all(manifest.finished for manifest in manifests),
                versions=versions(),
                created=now(),
            )
        )


def _moved(table: pa.Table, offset: int, schema: pa.Schema) -> pa.Table:
    """The rows with higher numbers of attempts, and all columns of a schema."""
    numbers = pa.array(table["attempt"].to_numpy() + offset, pa.int64())
    table = table.set_column(table.schema.get_field_index("attempt"), "attempt", numbers)
    for field in schema:
        if field.name not in table.schema.names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)
