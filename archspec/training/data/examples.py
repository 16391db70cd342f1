"""Examples of one split, and their batches: slices of tensors, or read as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from archspec.training.data.source import UNKNOWN, Inputs
from archspec.training.data.stored import (
    CHUNK,
    Batch,
    Passes,
    Reading,
    Stored,
    loader,
    own_generator,
)
from archspec.training.preprocessing import FittedStep, apply

__all__ = ["CHUNK", "Batch", "Examples", "evaluation_batches", "training_batches"]

EVALUATION_BATCH = 256
"""Examples per batch where no gradients are kept."""


class Examples(NamedTuple):
    """Some of a data set's examples, in the order of their split.

    Attributes:
        indices: Where they stand in the data set, `[count]`.
        held: What the network takes, `[count, *shape]`, or what reads it; without the late
            steps.
        targets: The number of each one's class, int64 `[count]`, `UNKNOWN` for all if none is
            known; or one-hot rows or values, float32 `[count, ...]`.
        weights: The weight of each one in the loss, float32 `[count]`; `None` if all are 1.
        late: The steps of preprocessing that follow augmentation. The batches of training come
            without them; everything else here has been through them.
        raw: All examples of the data set before any preprocessing, for people to look at.
    """

    indices: np.ndarray
    held: torch.Tensor | Stored
    targets: torch.Tensor
    weights: torch.Tensor | None = None
    late: tuple[FittedStep, ...] = ()
    raw: Inputs | None = None

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.indices)

    @property
    def labelled(self) -> bool:
        """Whether their classes, or values, are known."""
        return self.targets.is_floating_point() or bool((self.targets != UNKNOWN).all())

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one, as the network takes it."""
        early = self.held.shape if isinstance(self.held, Stored) else self.held.shape[1:]
        return tuple(self.some([0]).shape[1:]) if self.number and self.late else tuple(early)

    @property
    def inputs(self) -> torch.Tensor:
        """What the network takes, `[count, *shape]`; they are read if they are not in memory."""
        early = self.held.whole() if isinstance(self.held, Stored) else self.held
        return apply(early, self.late)

    def some(self, which: Sequence[int] | np.ndarray) -> torch.Tensor:
        """Returns what the network takes for some of them, `[count, *shape]`."""
        return apply(self.early(which), self.late)

    def early(self, which: Sequence[int] | np.ndarray) -> torch.Tensor:
        """Returns some of them as augmentation takes them, without the late steps."""
        if isinstance(self.held, Stored):
            return self.held.read(which)
        return self.held[torch.as_tensor(np.asarray(which, dtype=np.int64))]

    def given(self, which: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields some of them as they are before preprocessing, each of its own shape."""
        for at in which:
            one = self.some([at]) if self.raw is None else self.raw.read(self.indices[[at]])
            yield one[0].numpy()


def training_batches(
    examples: Examples,
    size: int,
    generator: torch.Generator,
    *,
    shuffle: bool = True,
    arranged: Callable[[Passes], Sampler[torch.Tensor]] = lambda order: order,
) -> DataLoader[Batch]:
    """Returns batches in an order that is drawn anew for each epoch.

    They are `(inputs, targets)`, or `(inputs, targets, weights)` where the examples have
    weights, before augmentation and the late steps. A last batch of one example is left out,
    since batch norm cannot take it.

    Args:
        examples: The examples.
        size: How many are in a batch.
        generator: What the order is drawn from.
        shuffle: Whether it is drawn; else it is that of the split.
        arranged: Makes the batches of an epoch of those of a pass over the examples.
    """
    size = min(size, examples.number)
    lonely = examples.number > size and examples.number % size == 1
    order = Passes(examples.number - lonely, size, examples.number, generator if shuffle else None)
    return _batches(examples, arranged(order))


def evaluation_batches(examples: Examples, size: int = EVALUATION_BATCH) -> DataLoader[Batch]:
    """Returns the examples as the network takes them in batches, in their order.

    They are `(inputs, targets)`, or `(inputs, targets, weights)`.
    """
    done = examples
    if examples.late and isinstance(examples.held, Stored):
        done = examples._replace(
            held=examples.held._replace(
                steps=(*examples.held.steps, *examples.late), shape=examples.shape
            )
        )
    elif examples.late:
        done = examples._replace(held=examples.inputs)
    return _batches(done, Passes(examples.number, size))


class _Held(Dataset[Batch]):
    """Tensors, of which whole batches are taken at once."""

    def __init__(self, *tensors: torch.Tensor) -> None:
        self._tensors = tensors

    def __len__(self) -> int:
        return len(self._tensors[0])

    def __getitem__(self, at: torch.Tensor) -> Batch:
        return tuple(tensor.index_select(0, at) for tensor in self._tensors)


def _batches(examples: Examples, order: Sampler[torch.Tensor]) -> DataLoader[Batch]:
    beside = (
        (examples.targets,) if examples.weights is None else (examples.targets, examples.weights)
    )
    if isinstance(examples.held, Stored):
        reading = Reading(examples.held, *beside)
        return loader(reading, order, examples.held.workers, lasting=True)
    return DataLoader(
        _Held(examples.held, *beside),
        sampler=order,
        batch_size=None,
        generator=own_generator(),
    )
