"""Packages that only some parts of molgen need."""

from __future__ import annotations

from molgen.errors import UsageError


def missing_extra(what: str, extra: str) -> UsageError:
    """The error where an optional dependency is not installed.

    Args:
        what: needs it.
        extra: of `pyproject.toml`, with the package.

    Example:
        >>> str(missing_extra("BLEU", "dialogue")).partition(",")[0]
        "BLEU needs packages of its own: pip install -e '.[dialogue]' in the folder of a clone"
    """
    return UsageError(
        f"{what} needs packages of its own: pip install -e '.[{extra}]' in the folder of a clone, "
        f"else pip install 'molgen-diffusion[{extra}]'"
    )
