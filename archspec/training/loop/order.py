"""The order of training batches: drawn from seed and epoch, cut into steps, shared by processes."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from itertools import chain, islice, repeat
from typing import Protocol

import torch
from torch.utils.data import Sampler

from archspec.training.loop.callbacks import epoch_seed


class Batches(Sized, Protocol):
    """The places of the examples of each batch of one pass."""

    def __iter__(self) -> Iterator[torch.Tensor]: ...


class EpochOrder(Sampler[torch.Tensor]):
    """The batches of each epoch, for one of several processes.

    An epoch begins with a pass of its own; one of more steps than a pass has batches goes on
    with further passes. Examples that are not drawn go on where the last epoch ended.

    Args:
        batches: The batches of a pass, drawn from the generator if they are drawn.
        generator: What they are drawn from.
        seed: The seed of the run.
        steps: How many batches an epoch has; a pass if left out.
        shuffled: Whether they are drawn.
        epoch: The epoch that comes first, from 0.
        process: Which process this is.
        processes: How many there are; each has an equal part of every batch.
    """

    def __init__(
        self,
        batches: Batches,
        generator: torch.Generator,
        seed: int,
        *,
        steps: int | None = None,
        shuffled: bool = True,
        epoch: int = 0,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        self._batches = batches
        self._generator = generator
        self._seed = seed
        self._steps = steps
        self._shuffled = shuffled
        self._epoch = epoch
        self._process, self._processes = process, processes

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch, from 0; Lightning calls it before each."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Returns the number of batches of an epoch."""
        return self._steps or len(self._batches)

    def __iter__(self) -> Iterator[torch.Tensor]:
        """Yields this process's part of each batch."""
        self._generator.manual_seed(epoch_seed(self._seed, self._epoch))
        number = len(self)
        start = 0 if self._shuffled else self._epoch * number % len(self._batches)
        endless = chain.from_iterable(repeat(self._batches))
        for batch in islice(endless, start, start + number):
            # A batch may be too small to be shared, and every process has to take part in a step.
            part = batch[self._process :: self._processes]
            yield part if len(part) else batch[:1]
