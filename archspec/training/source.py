"""What a data set is made of, as its source has it; and scikit-learn's as sources."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from archspec.training.errors import TrainingError

UNKNOWN = -1
"""The class of an example whose class is not known."""


class Source(NamedTuple):
    """A data set before anything is done to it.

    Attributes:
        name: Its name.
        classes: The names of the classes.
        inputs: The examples `[count, *shape]`, channels first, of any type of number.
        targets: The number of each one's class, `[count]`.
        test: How many of the examples, the last ones, are a test split already.
    """

    name: str
    classes: tuple[str, ...]
    inputs: np.ndarray
    targets: np.ndarray
    test: int = 0


def shipped(name: str) -> Source:
    """Returns one of the data sets that come with scikit-learn."""
    from sklearn import datasets  # as slow to import as to run a model, which can do without

    bunch = getattr(datasets, f"load_{name}")()
    inputs = bunch.images[:, np.newaxis] if name == "digits" else bunch.data
    return Source(name, tuple(map(str, bunch.target_names)), inputs, bunch.target)


def as_tensor(name: str, inputs: np.ndarray, dtype: str) -> torch.Tensor:
    """Returns examples as the network takes them.

    Args:
        name: The data set's name, for messages.
        inputs: The examples, of any type of number.
        dtype: The element type that the network takes, by its NumPy name.

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
    with np.errstate(over="ignore"):
        # One layout in memory whatever the source's is, so that sums are rounded alike.
        tensor = torch.from_numpy(inputs.astype(dtype, order="C"))
    if not tensor.isfinite().all():
        raise TrainingError(
            f"{name} has inputs that are NaN or infinite in single precision",
            "replace or leave out these examples",
        )
    return tensor


def _are_pixels(inputs: np.ndarray) -> bool:
    return bool(((inputs >= 0) & (inputs <= 255) & (inputs == np.rint(inputs))).all())
