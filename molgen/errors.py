"""Errors meant for people: one line that says what happened and what to do."""


class MolgenError(Exception):
    """Something failed while working. The command line prints the message and exits with 1."""

    exit_code = 1


class UsageError(MolgenError):
    """The request itself is wrong. The command line prints the message and exits with 2."""

    exit_code = 2


class ConditionWarning(UserWarning):
    """What is asked of molecules is hard to have, or is read otherwise than it is written."""


class LeftOutWarning(UserWarning):
    """Some of the molecules that were given cannot be used."""


class MoleculeError(MolgenError):
    """One molecule cannot be used.

    Attributes:
        reason: short machine-readable name of the cause, e.g. ``"unparsable"``; loaders count by it.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
