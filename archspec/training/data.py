"""The data section of a spec as tensors: loaded, preprocessed, split, and in batches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

from archspec.frontend.train_schema import Data, Split
from archspec.ir.types import TensorType
from archspec.training.archive import examples_in, read_archive, read_arrays
from archspec.training.errors import TrainingError
from archspec.training.preprocess import preprocess
from archspec.training.source import UNKNOWN, Source, as_tensor, shipped

EVALUATION_BATCH = 256
"""Examples per batch where no gradients are kept."""


class Examples(NamedTuple):
    """Some of a data set's examples, in the order of their split.

    Attributes:
        indices: Where they stand in the data set, `[count]`.
        inputs: What the network takes, `[count, *shape]`.
        targets: The number of each one's class, `[count]`; `UNKNOWN` for all if none is known.
    """

    indices: np.ndarray
    inputs: torch.Tensor
    targets: torch.Tensor

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.indices)

    @property
    def labelled(self) -> bool:
        """Whether their classes are known."""
        return bool((self.targets != UNKNOWN).all())


class Dataset(NamedTuple):
    """A data set, split.

    Attributes:
        name: Its name.
        classes: The names of the classes.
        splits: The examples of `train`, `validation` and `test`, each example in one; or all
            of `file`.
    """

    name: str
    classes: tuple[str, ...]
    splits: Mapping[str, Examples]

    @property
    def example(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(next(iter(self.splits.values())).inputs.shape[1:])


def load(spec: Data, taken: TensorType) -> Dataset:
    """Returns the data that a spec names, preprocessed and split.

    Args:
        spec: The spec's data section.
        taken: What the network takes.

    Raises:
        UnreadableError: Their file is not there, or holds none.
        TrainingError: The data are none, or cannot be preprocessed or split as the spec says.
    """
    source = read_archive(Path(spec.npz), spec, taken) if spec.npz else shipped(str(spec.dataset))
    inputs = _inputs(source, spec, taken)
    return _divided(source, inputs, split(source.targets, spec.split, source.test))


def load_file(
    path: Path,
    spec: Data,
    taken: TensorType,
    classes: int,
    arrays: Mapping[str, np.ndarray] | None = None,
) -> Dataset:
    """Returns all examples of a file, preprocessed as a spec says, as the split `file`.

    Args:
        path: The file: an archive as for training, or one array of examples.
        spec: The spec's data section.
        taken: What the network takes.
        classes: How many classes the network tells apart.
        arrays: What the file holds, if it has been read.

    Raises:
        UnreadableError: The file is not there, or holds no arrays.
        TrainingError: The arrays are not those of examples, or cannot be preprocessed.
    """
    if spec.dataset:
        spec = spec.model_copy(update={"classes": list(shipped(spec.dataset).classes)})
    arrays = read_arrays(path) if arrays is None else arrays
    source = examples_in(path, arrays, spec, taken, classes)
    inputs = _inputs(source, spec, taken)
    return _divided(source, inputs, {"file": np.arange(len(source.targets))})


def split(targets: np.ndarray, spec: Split, last: int = 0) -> dict[str, np.ndarray]:
    """Returns the indices of each split: the test split first, validation from the rest.

    Args:
        targets: The class of each example.
        spec: How they are divided.
        last: How many of the last examples are the test split, if it is not to be drawn.

    Raises:
        TrainingError: There are not enough examples for it.
    """
    everything = np.arange(len(targets))
    if last and "test" in spec.model_fields_set:
        raise TrainingError(
            "the data have a test split of their own", "leave `test` out of train.data.split"
        )
    if last:
        rest, test = everything[:-last], everything[-last:]
    else:
        rest, test = _divide("test", everything, targets, spec)
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


def _inputs(source: Source, spec: Data, taken: TensorType) -> torch.Tensor:
    return preprocess(as_tensor(source.name, source.inputs, taken.dtype), spec.preprocess)


def _divided(source: Source, inputs: torch.Tensor, splits: Mapping[str, np.ndarray]) -> Dataset:
    targets = torch.tensor(source.targets, dtype=torch.int64)
    examples = {name: Examples(at, inputs[at], targets[at]) for name, at in splits.items()}
    return Dataset(source.name, source.classes, examples)


def _divide(
    name: str, indices: np.ndarray, targets: np.ndarray, spec: Split
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split

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
