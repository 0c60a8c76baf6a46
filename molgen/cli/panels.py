"""Help in plain text with options and verbs in groups.

Typer's own groups come with rich's tables, which leave little room for the descriptions, read [nH] as markup, and
print errors in boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperCommand, TyperGroup

Panels = Mapping[str, Sequence[str]]
"""Names of parameters or verbs under the title of each group."""

_LONGEST = 300


def panelled(panels: Panels) -> type[TyperCommand]:
    """A command whose help has these groups of options; those that are not named come last.

    Args:
        panels: names of parameters by title.
    """

    class Panelled(TyperCommand):
        def format_options(self, ctx: Any, formatter: Any) -> None:
            titles = {name: title for title, names in panels.items() for name in names}
            found: dict[str, list[tuple[str, str]]] = {"Arguments": [], **{title: [] for title in panels}}
            for param in self.get_params(ctx):
                record = param.get_help_record(ctx)
                rest = "Arguments" if param.param_type_name == "argument" else "Options"
                if record is not None:
                    found.setdefault(titles.get(str(param.name), rest), []).append(record)
            _write(formatter, found)

    return Panelled


def panelled_group(panels: Panels) -> type[TyperGroup]:
    """A group of verbs whose help has these groups, the others behind, and the whole first sentence of each verb.

    Args:
        panels: names of verbs by title, in the order in which they are shown.
    """

    class PanelledGroup(TyperGroup):
        def format_commands(self, ctx: Any, formatter: Any) -> None:
            shown = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
            texts = {
                name: verb.get_short_help_str(_LONGEST) for name, verb in shown.items() if verb and not verb.hidden
            }
            found = {
                title: [(name, texts.pop(name)) for name in names if name in texts] for title, names in panels.items()
            }
            _write(formatter, {**found, "Commands": list(texts.items())})

    return PanelledGroup


def _write(formatter: Any, records: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    for title, lines in records.items():
        if lines:
            with formatter.section(title):
                formatter.write_dl(lines)
