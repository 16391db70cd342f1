"""What a data set is made of, as its source has it; and scikit-learn's as sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from archspec.training.errors import TrainingError

if TYPE_CHECKING:
    import torch

UNKNOWN = -1
"""The class of an example whose class is not known."""


class Inputs(Protocol):
    """The examples of a source, which are read when they are needed.

    Attributes:
        number: How many there are.
        alike: Whether all have the same shape, so that several are read at once.
        held: Whether they are in memory already.
    """

    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def alike(self) -> bool: ...  # noqa: D102
    @property
    def held(self) -> bool: ...  # noqa: D102

    def read(self, at: np.ndarray) -> torch.Tensor:
        """Returns the examples at some places, `[count, *shape]`, before any preprocessing.

        Raises:
            TrainingError: One of them cannot be read, or is not what the network takes.
        """

    def called(self, at: int) -> str:
        """Returns what a message calls the example at a place."""


class Source(NamedTuple):
    """A data set before anything is done to it.

    Attributes:
        name: Its name.
        classes: The names of the classes; none where targets are values.
        inputs: The examples.
        targets: The number of each one's class `[count]`, or one-hot rows or values
            `[count, ...]` of float32.
        own: The places of the examples in each split that the source has itself; those in
            none are to be divided.
        weights: Each example's weight in the loss `[count]`, if they have one.
        features: The names of the numbers of an example, if they have names.
    """

    name: str
    classes: tuple[str, ...]
    inputs: Inputs
    targets: np.ndarray
    own: Mapping[str, np.ndarray] = {}
    weights: np.ndarray | None = None
    features: tuple[str, ...] = ()


class ArrayInputs(NamedTuple):
    """Examples in an array.

    Attributes:
        name: What a message calls them together.
        array: All of them, `[count, *shape]`, channels first.
        dtype: The element type that the network takes, by its NumPy name.
    """

    name: str
    array: np.ndarray
    dtype: str
    alike: bool = True
    held: bool = True

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.array)

    def read(self, at: np.ndarray) -> torch.Tensor:
        """Returns the examples at some places.

        Raises:
            TrainingError: They are not what the network takes.
        """
        return as_tensor(self.name, self.array[at], self.dtype, at)

    def called(self, at: int) -> str:
        """Returns what a message calls the example at a place."""
        return f"example {at:,} of {self.name}"


def shipped(name: str, dtype: str = "float32") -> Source:
    """Returns one of the data sets that come with scikit-learn."""
    from sklearn import datasets  # as slow to import as to run a model, which can do without

    bunch = getattr(datasets, f"load_{name}")()
    pictures = name == "digits"
    inputs = bunch.images[:, np.newaxis] if pictures else bunch.data
    return Source(
        name,
        tuple(map(str, bunch.target_names)),
        ArrayInputs(name, inputs, dtype),
        bunch.target.astype(np.int64),
        features=() if pictures else tuple(map(str, bunch.feature_names)),
    )


def as_tensor(
    name: str, inputs: np.ndarray, dtype: str, at: np.ndarray | None = None
) -> torch.Tensor:
    """Returns examples as the network takes them.

    Args:
        name: The data set's name, for messages.
        inputs: The examples, of any type of number.
        dtype: The element type that the network takes, by its NumPy name.
        at: Their places in the data set `[count]`, if they are not all of it.

    Raises:
        TrainingError: The network takes whole numbers and these are not, or one is too
            large, or no number.
    """
    if dtype == "int64" and inputs.dtype.kind == "f":
        raise TrainingError(
            f"{name} has inputs of {inputs.dtype}, but the network takes whole numbers (int64)",
            "declare the network's input as float32, or store whole numbers in the file",
        )
    if dtype == "uint8" and not _are_pixels(inputs):
        raise TrainingError(
            f"{name} has inputs other than the whole numbers from 0 to 255 that the model takes",
            "give pixels as they are before any preprocessing",
        )
    import torch  # here, since it takes longer to import than to run a model that needs none of it

    with np.errstate(over="ignore"):
        # One layout in memory whatever the source's is, so that sums are rounded alike.
        tensor = torch.from_numpy(inputs.astype(dtype, order="C"))
    if not tensor.isfinite().all():
        first = int(tensor.isfinite().flatten(1).all(1).int().argmin()) if tensor.ndim > 1 else 0
        raise TrainingError(
            f"{name} is NaN or infinite in single precision for example "
            f"{first if at is None else at[first]:,}",
            "replace or leave out these examples",
        )
    return tensor


def _are_pixels(inputs: np.ndarray) -> bool:
    return bool(((inputs >= 0) & (inputs <= 255) & (inputs == np.rint(inputs))).all())
