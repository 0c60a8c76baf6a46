"""Making the shards that a library lacks, once no other process does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from molgen.errors import MolgenError
from molgen.library.build import Builder, Progress
from molgen.library.engines import Engine
from molgen.library.manifest import Folder, Manifest
from molgen.library.settings import versions
from molgen.models.directory import find_model, read_header
from molgen.models.generator import most_attempts
from molgen.system.progress import bar


def check_versions(manifest: Manifest) -> None:
    """Refuse to go on where shards could differ from those that are there.

    Raises:
        MolgenError: the library was begun with other versions, or with another model.
    """
    for name, version in versions().items():
        before = manifest.versions.get(name)
        if before != version:
            raise MolgenError(
                f"the library was begun with {name} {before}, this is {version}: its molecules could differ; install "
                f"{name} {before}, or build another library and merge them"
            )
    settings = manifest.settings
    if settings is not None and read_header(find_model(settings.model)).weights_sha256 != settings.weights_sha256:
        raise MolgenError(f"{settings.model} has other weights than the library was begun with; build another library")


def run(folder: Folder, engine: Engine, most: int | None, progress: bool | Progress, n: int | None = None) -> None:
    """Make the shards that are missing.

    Args:
        folder: of the library.
        engine: that does the work.
        most: attempts after which the library is given up, rounded up to whole shards; by default see `most_attempts`.
        progress: a bar, nothing, or what is called.
        n: molecules to keep, if more than before.

    Raises:
        MolgenError: another process builds the library, and what `Builder.run` raises.
    """
    with folder.lock():
        manifest = folder.manifest()
        if n is not None and n > manifest.requested:
            manifest = manifest.model_copy(update={"requested": n, "finished": False})
            folder.write_manifest(manifest)
        most = most_attempts(manifest.requested) if most is None else most
        with _shown(progress, manifest.requested) as show:
            Builder(folder, engine, most, show).run()


@contextmanager
def _shown(progress: bool | Progress, n: int) -> Iterator[Progress]:
    if callable(progress):
        yield progress
        return
    with bar("building", n, shown=bool(progress)) as shown:
        yield lambda kept, text: shown.update(text, kept)
