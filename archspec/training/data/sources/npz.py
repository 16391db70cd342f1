"""A NumPy archive as a source."""

from __future__ import annotations

from pathlib import Path

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.archive import read_archive
from archspec.training.data.source import Source


def read(spec: Data, taken: TensorType) -> Source:
    """Returns the data set in the archive that a spec names.

    Raises:
        UnreadableError: It is not there, or no archive of arrays.
        TrainingError: The arrays are not those of a data set.
    """
    return read_archive(Path(str(spec.npz)), spec, taken)
