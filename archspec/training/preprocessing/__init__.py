"""Preprocessing: what is learnt from the training examples, kept in files, and applied to all."""

from archspec.backends.fitted_step import (
    FittedStep,
    early_and_late,
    from_json,
    to_json,
    unlearnt,
)
from archspec.training.preprocessing.apply import Preprocessing, apply
from archspec.training.preprocessing.fit import fitted

__all__ = [
    "FittedStep",
    "Preprocessing",
    "apply",
    "early_and_late",
    "fitted",
    "from_json",
    "to_json",
    "unlearnt",
]
