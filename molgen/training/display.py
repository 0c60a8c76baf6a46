"""What a training run shows while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from molgen.system.progress import is_watched, to_stderr


@dataclass(frozen=True)
class Display:
    """What a run shows on stderr.

    Attributes:
        bars: progress bars, on terminals and in notebooks.
        lines: each validation, and a line a minute where there is no bar.
        notes: what was read, kept and left out.
        follow: called after each step with the share of training done, from 0 to 1.
        say: called with lines and notes.
    """

    bars: bool = True
    lines: bool = True
    notes: bool = True
    follow: Callable[[float], object] | None = None
    say: Callable[[str], object] = to_stderr

    @classmethod
    def of(cls, progress: bool | Callable[[float], object]) -> Display:
        """As functions in Python take it.

        Args:
            progress: true for bars and lines on terminals and in notebooks, and notes everywhere; false for nothing; or
                what is called with the share of training done, beside notes.
        """
        if callable(progress):
            return cls(bars=False, lines=False, follow=progress)
        return cls(lines=is_watched()) if progress else cls(False, False, False)

    def line(self, text: str) -> None:
        """Show what happens in the run."""
        if self.lines:
            self.say(text)

    def note(self, text: str) -> None:
        """Show what becomes of the data."""
        if self.notes:
            self.say(text)


EVERYTHING = Display()
"""As the command line shows it."""
