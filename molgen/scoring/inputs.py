"""What scores are called with."""

from __future__ import annotations

from collections.abc import Iterable

from molgen.errors import UsageError


def smiles_list(smiles: Iterable[str]) -> list[str]:
    """SMILES as a list, of a list, an array of numpy or a column of pandas.

    Raises:
        UsageError: a single text, whose letters would be molecules, or an entry that is no text.

    Example:
        >>> smiles_list(("CCO", "CC"))
        ['CCO', 'CC']
    """
    if isinstance(smiles, str):
        raise UsageError(f"a score takes a list of SMILES, not a text: write [{smiles!r:.60}]")
    try:
        found = list(smiles)
    except TypeError:
        raise UsageError(f"a score takes a list of SMILES, not {smiles!r:.60}") from None
    for number, text in enumerate(found, 1):
        if not isinstance(text, str):
            raise UsageError(f"a score takes a list of SMILES, but number {number} is {text!r:.60}, which is no text")
    return [str(text) for text in found]
