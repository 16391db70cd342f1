"""The data section of a spec as tensors: loaded, preprocessed and split."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.archive import examples_in, read_arrays
from archspec.training.data.class_weights import class_weights
from archspec.training.data.examples import Examples, evaluation_batches, training_batches
from archspec.training.data.labels import class_labels, feature_names
from archspec.training.data.memory import total_memory
from archspec.training.data.source import UNKNOWN, Inputs, Source
from archspec.training.data.sources import source_of, table
from archspec.training.data.sources.table_file import is_table
from archspec.training.data.split import TRAIN, split
from archspec.training.data.stored import CHUNK, Stored, cores
from archspec.training.data.targets import class_numbers, one_hot_rows
from archspec.training.errors import TrainingError
from archspec.training.preprocessing import FittedStep, apply, early_and_late, fitted

__all__ = [
    "Dataset",
    "Examples",
    "evaluation_batches",
    "load",
    "load_file",
    "prepared",
    "split",
    "training_batches",
]

SHARE = 4
"""One by the share of the memory that examples may take."""


class Columns(NamedTuple):
    """What examples are that have a name for each of their numbers.

    Attributes:
        names: The names.
        inputs: The examples of all splits, before any preprocessing.
    """

    names: tuple[str, ...]
    inputs: Inputs


class Dataset(NamedTuple):
    """A data set, split.

    Attributes:
        name: Its name.
        classes: The names of the classes; none where targets are values.
        splits: The examples of `train`, `validation` and `test`, each example in one; or all
            of `file`.
        steps: The preprocessing, with what it has learnt from the training split.
        late: Those of the steps that follow augmentation, which the batches of training come
            without; none if the spec has no `augment`.
        columns: The examples as a table with names has them, if they come from one.
    """

    name: str
    classes: tuple[str, ...]
    splits: Mapping[str, Examples]
    steps: tuple[FittedStep, ...] = ()
    late: tuple[FittedStep, ...] = ()
    columns: Columns | None = None

    @property
    def example(self) -> tuple[int, ...]:
        """The shape of one example, as the network takes it."""
        return next(iter(self.splits.values())).shape


def load(
    spec: Data,
    taken: TensorType,
    *,
    fold: int | None = None,
    steps: Sequence[FittedStep] | None = None,
) -> Dataset:
    """Returns the data that a spec names, preprocessed and split.

    Args:
        spec: The spec's data section.
        taken: What the network takes.
        fold: Which of the spec's folds is validated, from 0.
        steps: The preprocessing, if it has been fitted before.

    Raises:
        UnreadableError: Their file is not there, or holds none.
        TrainingError: The data are none, or cannot be preprocessed or split as the spec says.
    """
    return prepared(source_of(spec, taken), spec, fold=fold, steps=steps)


def prepared(
    source: Source,
    spec: Data,
    *,
    fold: int | None = None,
    steps: Sequence[FittedStep] | None = None,
) -> Dataset:
    """Returns the data of a source, preprocessed and split as `load` does.

    Raises:
        TrainingError: They are all of one class, or cannot be read, preprocessed or split as the
            spec says.
    """
    try:
        if len(source.classes) == 1:
            raise TrainingError(
                f"{source.name} has one class, {source.classes[0]}; there is nothing to tell apart",
                "add examples of another class, or write `targets: values` in train.data",
            )
        classes = class_numbers(source.targets, source.classes)
        splits = split(classes, source.inputs.number, spec.split, source.own, fold)
        return _divided(source, spec, splits, steps)
    except TrainingError as error:
        error.place = error.place or ("train", "data", spec.source)
        raise


def load_file(
    path: Path,
    spec: Data,
    taken: TensorType,
    classes: int,
    arrays: Mapping[str, np.ndarray] | None = None,
    *,
    steps: Sequence[FittedStep] | None = None,
    features: Sequence[str] | None = None,
) -> Dataset:
    """Returns all examples of a file, preprocessed as a spec says, as the split `file`.

    Args:
        path: The file: an archive as for training, one array of examples, or a table.
        spec: The spec's data section.
        taken: What the network takes.
        classes: How many classes the network tells apart.
        arrays: What the file holds, if it has been read.
        steps: The preprocessing, if it has been fitted.
        features: The columns of a table that the network takes; those that the spec's own
            table has if left out.

    Raises:
        UnreadableError: The file is not there, or holds no arrays.
        TrainingError: The arrays are not those of examples, or cannot be preprocessed.
    """
    kept: dict[str, object] = {"sample_weights": None, "class_weights": None, "augment": None}
    if spec.npz is None and spec.targets != "values":
        kept["classes"] = class_labels(spec)
    changed = spec.model_copy(update=kept)
    if is_table(path):
        known = feature_names(spec) if features is None else features
        source = table.examples_in(path, spec, changed, taken, classes, known)
    else:
        arrays = read_arrays(path) if arrays is None else arrays
        source = examples_in(path, arrays, changed, taken, classes)
    return _divided(source, changed, {"file": np.arange(source.inputs.number)}, steps)


def _divided(
    source: Source,
    spec: Data,
    splits: Mapping[str, np.ndarray],
    steps: Sequence[FittedStep] | None,
) -> Dataset:
    learnt_from = splits.get(TRAIN, next(iter(splits.values())))
    made = fitted(spec.preprocess, lambda: _raw(source, learnt_from)) if steps is None else steps
    early, late = early_and_late(made) if spec.augment else (tuple(made), ())
    targets = torch.from_numpy(_targets(source, spec))
    examples = {
        name: Examples(
            indices=at,
            held=_held(source, at, early if name == TRAIN else (*early, *late), spec),
            targets=targets[at],
            weights=_weights(source, at, spec, training=name == TRAIN),
            late=late if name == TRAIN else (),
            raw=source.inputs,
        )
        for name, at in splits.items()
    }
    columns = Columns(source.features, source.inputs) if source.features else None
    return Dataset(source.name, source.classes, examples, tuple(made), late, columns)


def _targets(source: Source, spec: Data) -> np.ndarray:
    """Returns targets as the loss gets them; those that are not known stay so."""
    if not spec.one_hot or (source.targets == UNKNOWN).all():
        return source.targets
    return one_hot_rows(source.name, source.targets, source.classes)


def _raw(source: Source, at: np.ndarray) -> Iterator[torch.Tensor]:
    """Yields examples without any preprocessing."""
    size = CHUNK if source.inputs.alike else 1
    for start in range(0, len(at), size):
        yield source.inputs.read(at[start : start + size])


def _held(
    source: Source, at: np.ndarray, steps: tuple[FittedStep, ...], spec: Data
) -> torch.Tensor | Stored:
    first = apply(source.inputs.read(np.array([0])), steps)
    # Rows of arrays are read faster than they come from one process to another.
    usual = 0 if source.inputs.alike else cores()
    workers = usual if spec.workers is None else spec.workers
    stored = Stored(source.inputs, at, steps, tuple(first.shape[1:]), workers)
    needed = source.inputs.number * math.prod(stored.shape) * first.element_size()
    kept = needed < total_memory() / SHARE if spec.in_memory is None else spec.in_memory
    return stored.whole() if kept else stored


def _weights(source: Source, at: np.ndarray, spec: Data, *, training: bool) -> torch.Tensor | None:
    """Returns the weights of examples in the loss: in training, with those of their classes."""
    of_classes = None
    if spec.class_weights is not None and training:
        numbers = class_numbers(source.targets, source.classes)
        if numbers is None:
            raise TrainingError(
                f"{source.name} has values, not classes",
                "leave `class_weights` out of train.data",
                place=("train", "data", "class_weights"),
            )
        of_classes = class_weights(spec.class_weights, numbers[at], source.classes)
    factors = [f for f in (None if source.weights is None else source.weights[at], of_classes)
               if f is not None]  # fmt: skip
    return torch.from_numpy(np.prod(factors, axis=0, dtype=np.float32)) if factors else None
