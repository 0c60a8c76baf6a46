"""Readers and writers of files of molecules."""

from molgen.io.writers import check_output, write_molecules

__all__ = ["check_output", "write_molecules"]
