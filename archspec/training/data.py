"""The data section of a spec as tensors: loaded, preprocessed, split, and in batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from sklearn import datasets
from sklearn.model_selection import train_test_split
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

from archspec.frontend.train_schema import Data, Split
from archspec.training.errors import TrainingError
from archspec.training.preprocess import preprocess

EVALUATION_BATCH = 256
"""Examples per batch where no gradients are kept."""


class Examples(NamedTuple):
    """Some of a data set's examples, in the order of their split.

    Attributes:
        indices: Where they stand in the data set, `[count]`.
        inputs: What the network takes, `[count, *shape]`, in single precision.
        targets: The number of each one's class, `[count]`.
    """

    indices: np.ndarray
    inputs: torch.Tensor
    targets: torch.Tensor

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.indices)


class Dataset(NamedTuple):
    """A data set, split.

    Attributes:
        name: Its name.
        classes: The names of the classes.
        splits: The examples of `train`, `validation` and `test`; each example is in one.
    """

    name: str
    classes: tuple[str, ...]
    splits: Mapping[str, Examples]

    @property
    def example(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.splits["train"].inputs.shape[1:])


def load(spec: Data) -> Dataset:
    """Returns the data that a spec names, preprocessed and split.

    Raises:
        TrainingError: The data cannot be preprocessed or split as the spec says.
    """
    bunch = getattr(datasets, f"load_{spec.dataset}")()
    values = bunch.images[:, np.newaxis] if spec.dataset == "digits" else bunch.data
    inputs = preprocess(torch.tensor(values, dtype=torch.float32), spec.preprocess)
    targets = torch.tensor(bunch.target, dtype=torch.int64)
    splits = {
        name: Examples(indices, inputs[indices], targets[indices])
        for name, indices in split(bunch.target, spec.split).items()
    }
    return Dataset(spec.dataset, tuple(map(str, bunch.target_names)), splits)


def split(targets: np.ndarray, spec: Split) -> dict[str, np.ndarray]:
    """Returns the indices of each split: the test split first, validation from the rest.

    Raises:
        TrainingError: There are not enough examples for it.
    """
    rest, test = _divide("test", np.arange(len(targets)), targets, spec)
    train, validation = rest, rest[:0]
    if spec.validation:
        train, validation = _divide("validation", rest, targets, spec)
    return {"train": train, "validation": validation, "test": test}


def training_batches(
    examples: Examples, size: int, generator: torch.Generator
) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Returns batches in an order that is drawn anew for each epoch.

    A last batch of one example is left out, since batch norm cannot take it.
    """
    dataset = TensorDataset(examples.inputs, examples.targets)
    order = RandomSampler(dataset, generator=generator)
    size = min(size, examples.number)
    lonely = examples.number > size and examples.number % size == 1
    # A sampler of whole batches: indexing once per batch is what makes small data fast.
    return DataLoader(dataset, sampler=BatchSampler(order, size, drop_last=lonely), batch_size=None)


def evaluation_batches(examples: Examples) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Returns the examples in batches, in their order."""
    dataset = TensorDataset(examples.inputs, examples.targets)
    order = BatchSampler(range(examples.number), EVALUATION_BATCH, drop_last=False)
    return DataLoader(dataset, sampler=order, batch_size=None)


def _divide(
    name: str, indices: np.ndarray, targets: np.ndarray, spec: Split
) -> tuple[np.ndarray, np.ndarray]:
    classes = targets[indices] if spec.stratify else None
    try:
        first, second = train_test_split(
            indices,
            test_size=getattr(spec, name),
            random_state=spec.seed,
            stratify=classes,
        )
    except ValueError as error:
        raise TrainingError(
            f"the {name} split cannot be taken from {len(indices):,} examples: "
            f"{str(error).partition('. ')[0]}",
            f"change `{name}` or `stratify` in train.data.split",
        ) from error
    return first, second
