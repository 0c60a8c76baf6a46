"""Pictures of molecules."""

from molgen.report.grid import draw_grid
from molgen.report.trace import draw_trace

__all__ = ["draw_grid", "draw_trace"]
