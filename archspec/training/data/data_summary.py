"""What a data set holds: counts of classes, ranges of values, and examples that are there twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple

import numpy as np
import torch

from archspec.training.data.dataset import Dataset, evaluation_batches
from archspec.training.data.examples import CHUNK
from archspec.training.data.source import Inputs, Source
from archspec.training.data.targets import class_numbers

MOST_CHANNELS = 4
"""Of more channels, or of features, one mean and deviation of all is told."""


class Values(NamedTuple):
    """The values of many examples.

    Attributes:
        lowest: The least of them.
        highest: The greatest.
        mean: Their mean, of each channel where there are few; else one.
        std: Their standard deviation, likewise.
    """

    lowest: float
    highest: float
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Part(NamedTuple):
    """A split.

    Attributes:
        number: How many examples it has.
        classes: How many of each class; empty where targets are values.
        targets: The values to predict; `None` for classes.
    """

    number: int
    classes: tuple[int, ...]
    targets: Values | None


class Twin(NamedTuple):
    """Two splits that have examples in common.

    Attributes:
        splits: The two; or one split twice.
        number: How many examples of the second are in the first; or are there again.
        example: What one of them is called in each.
    """

    splits: tuple[str, str]
    number: int
    example: tuple[str, str]


class Summary(NamedTuple):
    """What a data set holds.

    Attributes:
        name: Its name.
        classes: The names of the classes.
        parts: Its splits.
        shapes: The smallest and the largest shape of an example before preprocessing.
        before: The values of the training split before preprocessing.
        shape: The shape of an example after it.
        after: The values of the training split after it.
        twins: Examples that are in two splits, or twice in one.
        contradictions: How many examples are there with several classes.
    """

    name: str
    classes: tuple[str, ...]
    parts: Mapping[str, Part]
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    before: Values
    shape: tuple[int, ...]
    after: Values
    twins: tuple[Twin, ...]
    contradictions: int

    @property
    def imbalance(self) -> float | None:
        """The largest class of the training split by the smallest; `None` without classes."""
        counts = self.parts["train"].classes
        return max(counts) / max(min(counts), 1) if counts else None


def summarise(source: Source, data: Dataset) -> Summary:
    """Returns what a data set holds, all of which is read for it.

    Args:
        source: The data set before anything is done to it.
        data: The same, preprocessed and split.

    Raises:
        TrainingError: An example cannot be read.
    """
    hashes, sizes = [b""] * source.inputs.number, set()
    before = _Moments()
    train = np.zeros(source.inputs.number, bool)
    train[data.splits["train"].indices] = True
    for at, batch in _batches(source.inputs):
        sizes.add(tuple(batch.shape[1:]))
        before.add(batch[torch.from_numpy(train[at])])
        for place, example in zip(at, batch, strict=True):
            hashes[place] = _hash(example)
    after = _Moments()
    for inputs, *_ in evaluation_batches(data.splits["train"]):
        after.add(inputs)
    return Summary(
        data.name,
        data.classes,
        {name: _part(source, examples.indices) for name, examples in data.splits.items()},
        (min(sizes, key=np.prod), max(sizes, key=np.prod)),
        before.values(),
        data.example,
        after.values(),
        tuple(_twins(source, data, hashes)),
        _contradictions(source, hashes),
    )


def _batches(inputs: Inputs) -> Iterable[tuple[np.ndarray, torch.Tensor]]:
    size = CHUNK if inputs.alike else 1
    for start in range(0, inputs.number, size):
        at = np.arange(start, min(start + size, inputs.number))
        yield at, inputs.read(at)


def _hash(example: torch.Tensor) -> bytes:
    # With the shape: black images of two sizes may have as many bytes.
    return blake2b(repr(example.shape).encode() + example.numpy().tobytes()).digest()


class _Moments:
    """Range, mean and deviation of values that come in batches, in double precision."""

    def __init__(self) -> None:
        self._count, self._sums, self._squares = 0, np.zeros(1), np.zeros(1)
        self._range = (np.inf, -np.inf)

    def add(self, batch: torch.Tensor) -> None:
        """Takes the values of more examples `[count, *shape]`."""
        if not batch.numel():
            return
        values = batch.double()
        few = batch.ndim > 2 and batch.shape[1] <= MOST_CHANNELS
        rows = values.transpose(0, 1).flatten(1) if few else values.reshape(1, -1)
        self._count += rows.shape[1]
        self._sums = self._sums + rows.sum(1).numpy()
        self._squares = self._squares + rows.square().sum(1).numpy()
        low, high = (float(value) for value in values.aminmax())
        self._range = (min(self._range[0], low), max(self._range[1], high))

    def values(self) -> Values:
        """Returns what is known of all values so far."""
        mean = self._sums / max(self._count, 1)
        variance = np.maximum(self._squares / max(self._count, 1) - mean**2, 0)
        return Values(*self._range, tuple(mean.tolist()), tuple(np.sqrt(variance).tolist()))


def _part(source: Source, at: np.ndarray) -> Part:
    numbers = class_numbers(source.targets, source.classes)
    if numbers is not None:
        counts = np.bincount(numbers[at], minlength=len(source.classes))
        return Part(len(at), tuple(counts.tolist()), None)
    moments = _Moments()
    moments.add(torch.from_numpy(source.targets[at]))
    return Part(len(at), (), moments.values() if len(at) else None)


def _twins(source: Source, data: Dataset, hashes: Sequence[bytes]) -> Iterable[Twin]:
    first: dict[str, dict[bytes, int]] = {}
    for name, examples in data.splits.items():
        known = first[name] = {}
        again = [at for at in examples.indices if known.setdefault(hashes[at], at) != at]
        if again:
            pair = (known[hashes[again[0]]], again[0])
            yield Twin((name, name), len(again), _called(source, pair))
    for one, other in combinations(data.splits, 2):
        shared = [at for at in data.splits[other].indices if hashes[at] in first[one]]
        if shared:
            pair = (first[one][hashes[shared[0]]], shared[0])
            yield Twin((one, other), len(shared), _called(source, pair))


def _called(source: Source, pair: tuple[int, int]) -> tuple[str, str]:
    return source.inputs.called(int(pair[0])), source.inputs.called(int(pair[1]))


def _contradictions(source: Source, hashes: Sequence[bytes]) -> int:
    numbers = class_numbers(source.targets, source.classes)
    if numbers is None:
        return 0
    classes: dict[bytes, set[int]] = {}
    for hashed, number in zip(hashes, numbers.tolist(), strict=True):
        classes.setdefault(hashed, set()).add(number)
    return sum(len(classes[hashed]) > 1 for hashed in hashes)
