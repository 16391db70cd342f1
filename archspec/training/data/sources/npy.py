"""Two NumPy files as a source: the examples stay on disk until they are needed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.source import Source, as_tensor
from archspec.training.data.sources.layout import channels_first, require_as_many, require_numbers
from archspec.training.data.targets import targets_of
from archspec.training.errors import UnreadableError

PLACE = ("train", "data", "npy")


class MappedInputs(NamedTuple):
    """Examples in an `.npy` file, of which a process maps what it reads.

    Attributes:
        path: The file.
        changed: When it was written last, in nanoseconds.
        spec: The spec's data section.
        taken: What the network takes.
    """

    path: Path
    changed: int
    spec: Data
    taken: TensorType
    alike: bool = True
    held: bool = False

    @property
    def number(self) -> int:
        """How many there are."""
        return len(_mapped(self.path, self.changed))

    def read(self, at: np.ndarray) -> torch.Tensor:
        """Returns the examples at some places.

        Raises:
            TrainingError: They are not what the network takes.
        """
        rows = _mapped(self.path, self.changed)[at]
        examples = channels_first(rows, self.taken, last=self.spec.channels_last)
        return as_tensor(self.path.stem, examples, self.taken.dtype, at)

    def called(self, at: int) -> str:
        """Returns what a message calls the example at a place."""
        return f"example {at:,} of {self.path.stem}"


def read(spec: Data, taken: TensorType) -> Source:
    """Returns the data set in the files that a spec names.

    Raises:
        UnreadableError: One is not there, or holds no array.
        TrainingError: The arrays are not those of a data set.
    """
    assert spec.npy is not None  # noqa: S101 - the source that was chosen
    x, y = Path(spec.npy.x), Path(spec.npy.y)
    array, given = _array(x, "x"), _array(y, "y")
    require_numbers(str(x), array, (*PLACE, "x"))
    require_as_many(str(y), given, str(x), len(array), (*PLACE, "y"))
    made = targets_of(str(y), given, spec)
    inputs = MappedInputs(x, x.stat().st_mtime_ns, spec, taken)
    return Source(x.stem, made.classes, inputs, made.values)


def _array(path: Path, key: str) -> np.ndarray:
    try:
        return _mapped(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise UnreadableError(
            f"cannot read {path}: {error.strerror or error}", place=(*PLACE, key)
        ) from error
    except (ValueError, EOFError) as error:
        raise UnreadableError(
            f"{path} is not a NumPy file of one array of numbers or text",
            f"write it with np.save(FILE, {key})",
            place=(*PLACE, key),
        ) from error


@lru_cache(maxsize=4)
def _mapped(path: Path, changed: int) -> np.ndarray:  # noqa: ARG001 - a key of the cache
    """Returns the array in a file, mapped into memory; once for each process."""
    return np.lib.format.open_memmap(path, mode="r")
