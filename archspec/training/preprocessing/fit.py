"""What steps of preprocessing learn from the training examples, which go by in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import torch

from archspec.backends.fitted_step import PLACE, FittedStep, learns
from archspec.frontend.train_schema import Standardize, Step, Whiten
from archspec.ir.types import shape_text
from archspec.training.errors import TrainingError
from archspec.training.preprocessing.apply import apply

Batches: TypeAlias = Callable[[], Iterable[torch.Tensor]]
"""Yields all training examples, `[count, *shape]` at a time, each time that it is called."""

Learnt: TypeAlias = Mapping[str, np.ndarray]

FEATURES = 4096
"""The most values of an example that are whitened: the matrix has this number squared."""

CHUNK = 1024
"""How many examples are in double precision at once."""


def fitted(steps: Sequence[Step], batches: Batches) -> tuple[FittedStep, ...]:
    """Returns steps with what each learns from the examples that the steps before it have made.

    Args:
        steps: The spec's steps, in order.
        batches: The examples of the training split, without any preprocessing.

    Raises:
        TrainingError: A step does not take examples of this shape.
    """
    made: tuple[FittedStep, ...] = ()
    for step in steps:
        made = (*made, FittedStep(step, _learnt(step, batches, made)))
    return made


def _learnt(step: Step, batches: Batches, before: Sequence[FittedStep]) -> Learnt:
    if step.color_mode:
        first = next(iter(batches()), None)
        return {} if first is None else {"channels": np.array([first.shape[1]], np.float32)}
    if not learns(step):
        return {}
    prepared = (apply(batch, before) for batch in batches())
    match step.options:
        case Standardize():
            return _deviations(prepared)
        case Whiten(epsilon=epsilon):
            return _whitening(prepared, epsilon)
    raise AssertionError(step.name)


class _Moments(NamedTuple):
    """Number of values of each channel, their mean and squared deviations, `[channels]`."""

    number: int
    mean: torch.Tensor
    squares: torch.Tensor

    def with_more(self, other: _Moments) -> _Moments:
        """Returns the moments of both together (Chan, Golub and LeVeque 1983)."""
        number = self.number + other.number
        apart, share = other.mean - self.mean, other.number / number
        return _Moments(
            number,
            self.mean + apart * share,
            self.squares + other.squares + apart.square() * (self.number * share),
        )


def _deviations(batches: Iterable[torch.Tensor]) -> Learnt:
    """Returns mean and standard deviation of each channel, or feature."""
    found: _Moments | None = None
    for chunk in _chunks(batches):
        values = chunk.transpose(0, 1).flatten(1)
        mean = values.mean(1)
        squares = (values - mean.unsqueeze(1)).square().sum(1)
        moments = _Moments(values.shape[1], mean, squares)
        found = moments if found is None else found.with_more(moments)
    if found is None:
        raise _without_examples("standardize")
    return {"mean": _single(found.mean), "std": _single((found.squares / found.number).sqrt())}


def _whitening(batches: Iterable[torch.Tensor], epsilon: float) -> Learnt:
    """Returns the mean of each value, and the matrix of ZCA whitening.

    The matrix is `U diag(1 / sqrt(variance + epsilon)) U'` of the eigenvectors `U` of the
    covariance and their variances.
    """
    count, shift, sums, products = 0, torch.zeros(()), torch.zeros(()), torch.zeros(())
    for chunk in _chunks(batches):
        flat = chunk.flatten(1)
        if flat.shape[1] > FEATURES:
            raise TrainingError(
                f"`whiten` is for examples of at most {FEATURES:,} values, but these are "
                f"{shape_text(chunk.shape[1:])}",
                "make them smaller with `resize`, or leave `whiten` out of train.data.preprocess",
                place=PLACE,
            )
        if not count:  # what is near its mean loses no digits when it is squared
            shift = flat.mean(0)
        flat = flat - shift
        count, sums, products = count + len(flat), sums + flat.sum(0), products + flat.T @ flat
    if not count:
        raise _without_examples("whiten")
    mean = sums / count
    covariance = products / count - mean.outer(mean)
    variances, vectors = torch.linalg.eigh(covariance)
    matrix = (vectors / (variances.clamp(min=0) + epsilon).sqrt()) @ vectors.T
    return {"mean": _single(shift + mean), "matrix": _single((matrix + matrix.T) / 2)}


def _chunks(batches: Iterable[torch.Tensor]) -> Iterable[torch.Tensor]:
    return (
        batch[start : start + CHUNK].double()
        for batch in batches
        for start in range(0, len(batch), CHUNK)
    )


def _single(values: torch.Tensor) -> np.ndarray:
    made: np.ndarray = values.float().cpu().numpy()
    return made


def _without_examples(name: str) -> TrainingError:
    return TrainingError(
        f"`{name}` learns from training examples, and there are none",
        "leave some examples to training in train.data.split",
    )
