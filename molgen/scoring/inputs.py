"""What scores are called with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from molgen.errors import UsageError


def smiles_list(smiles: Iterable[str]) -> list[str]:
    """SMILES as a list, of a list, an array of numpy or a column of pandas.

    Raises:
        UsageError: a single text, whose letters would be molecules; a table or dictionary, whose names would be; or an
            entry that is no text.

    Example:
        >>> smiles_list(("CCO", "CC"))
        ['CCO', 'CC']
    """
    if isinstance(smiles, str):
        raise UsageError(f"a score takes a list of SMILES, not a text: write [{smiles!r:.60}]")
    if hasattr(smiles, "columns") or isinstance(smiles, Mapping):
        raise UsageError("a score takes one column of a table, such as table['smiles'], not the table")
    try:
        found = list(smiles)
    except TypeError:
        raise UsageError(f"a score takes a list of SMILES, not {smiles!r:.60}") from None
    for number, text in enumerate(found, 1):
        if not isinstance(text, str):
            raise UsageError(f"a score takes a list of SMILES, but number {number} is {text!r:.60}, which is no text")
    return [str(text) for text in found]
