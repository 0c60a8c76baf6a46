"""A report of molecules as one HTML file that opens without a network."""

from molgen.report.html.report import write_report

__all__ = ["write_report"]
