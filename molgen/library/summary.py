"""What a library holds, how it was made and what it cost, as rows of a table."""

from __future__ import annotations

from molgen.datasets.encoding import counted
from molgen.library.library import Library
from molgen.library.manifest import Manifest
from molgen.library.shard import NOT_NEEDED

_GIB = 2**30


def summary(library: Library) -> list[tuple[str, str]]:
    """Names and values.

    Raises:
        UsageError: it is not a library.
        MolgenError: its manifest, or one of its shards, is damaged.
    """
    manifest, notes = library.manifest, library.notes
    files = len(library.shards)
    counts = library.counts()
    seconds, cpu = (sum(getattr(note, name) for note in notes) for name in ("seconds", "cpu_seconds"))
    state = "finished" if manifest.finished else f"not finished: {_to_finish(manifest)}"
    rows = [
        ("molecules", f"{len(library):,} of {manifest.requested:,} ({state})"),
        *_made(manifest),
        ("excluded sets", ", ".join(f"{name} ({count:,})" for name, count in manifest.excluded.items())),
        *((f"not usable of {name}", counted(reasons)) for name, reasons in manifest.unusable.items()),
        *((name, f"{count:,}") for name, count in counts.items()),
        (
            "yield of attempts",
            f"{(counts['kept'] + counts.get(NOT_NEEDED, 0)) / max(counts.get('attempted', 0), 1):.1%}",
        ),
        ("files", f"{files:,}, {sum(note.bytes for note in notes) / _GIB:.3f} GiB"),
        ("network calls", f"{sum(note.calls for note in notes):,}"),
        ("time of all processes", f"{seconds / 3600:.2f} h, {cpu / 3600:.2f} h of processors"),
        ("molecules per core and second", f"{counts['kept'] / max(cpu, 1e-9):.1f}"),
        ("begun", manifest.created),
        ("versions", ", ".join(f"{name} {version}" for name, version in manifest.versions.items())),
    ]
    return [(name, value) for name, value in rows if value]


def _to_finish(manifest: Manifest) -> str:
    if manifest.settings is None:
        return "finish the libraries it is merged from, and merge them again"
    return "molgen library build --resume"


def _made(manifest: Manifest) -> list[tuple[str, str]]:
    settings = manifest.settings
    if settings is None:
        return [("merged from", ", ".join(source.name for source in manifest.sources))]
    return [
        ("model", settings.model),
        ("weights", settings.weights_sha256),
        ("seed", str(settings.seed)),
        ("conditions", settings.asked),
        ("filter", settings.filter or ""),
        ("contains", " ".join(settings.contains)),
        ("without", " ".join(settings.without)),
        ("known rings only", "yes" if settings.known_rings else ""),
        ("nearest of", settings.nearest or ""),
        ("sampling", " ".join(f"{name}={value}" for name, value in settings.sampling.items())),
        ("attempts of a shard", f"{settings.shard_attempts:,}"),
    ]
