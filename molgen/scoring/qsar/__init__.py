"""QSAR: models of a measured activity, fitted with scikit-learn on features of RDKit."""

from molgen.scoring.qsar.activity import Activity, read_activity
from molgen.scoring.qsar.model import QsarModel, QsarSettings
from molgen.scoring.qsar.validation import Validation, cross_validate

__all__ = ["Activity", "QsarModel", "QsarSettings", "Validation", "cross_validate", "read_activity"]
