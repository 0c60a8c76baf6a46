"""What is in the folder of a library, and what became of the attempts."""

from __future__ import annotations

from pathlib import Path

from molgen.library.manifest import Folder, Manifest, Note, total


class Contents:
    """The files of a library and their counts.

    Args:
        path: of the folder.
    """

    def __init__(self, path: str | Path) -> None:
        self._folder = Folder(path)

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._folder.path

    @property
    def exists(self) -> bool:
        """Whether there is a library in the folder."""
        return self._folder.exists

    @property
    def manifest(self) -> Manifest:
        """How it is made.

        Raises:
            UsageError: the folder is not a library.
        """
        return self._folder.manifest()

    @property
    def notes(self) -> list[Note]:
        """What each finished shard holds and cost.

        Raises:
            UsageError: the folder is not a library.
        """
        self._folder.manifest()
        return list(self._folder.notes().values())

    @property
    def shards(self) -> list[Path]:
        """Its files, in order of attempts.

        Raises:
            MolgenError: one is damaged.
        """
        self._folder.manifest()
        return [self._folder.shard(number) for number in self._folder.check()]

    def counts(self) -> dict[str, int]:
        """What became of the attempts, by name.

        Of ``attempted`` ones ``valid`` are strictly valid molecules. All other names are of valid molecules that are
        ``kept``, or of the reasons for which the others are not. They sum to ``valid``, but for ``failed_`` and the
        name of a condition: one molecule can fail several, and counts once as ``not_as_asked``. ``not_needed`` came
        after the last molecule that was wanted; whole files of these are removed, and their attempts are not counted.

        Example:
            >>> import tempfile
            >>> from molgen.library import Library
            >>> folder = tempfile.TemporaryDirectory()
            >>> counts = Library(f"{folder.name}/lib").build(20, model="qm9-text", jobs=1, progress=False).counts()
            >>> names = counts.keys() - {"attempted", "valid"}
            >>> counts["attempted"], counts["kept"], sum(counts[name] for name in names) == counts["valid"]
            (64, 20, True)
        """
        notes = self.notes
        return {**total(notes), "kept": sum(note.rows for note in notes)}

    def __len__(self) -> int:
        return sum(note.rows for note in self.notes)
