"""Examples that are read when they are needed, by this process or by others beside it."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from archspec.ir.types import shape_text
from archspec.training.data.source import Inputs
from archspec.training.errors import DeviceError, TrainingError
from archspec.training.preprocessing import FittedStep, apply

CHUNK = 1024
"""How many examples are preprocessed at once."""

FEW = 64
"""How many examples are read sooner than a process is started."""

KILLED = "DataLoader worker"
"""What torch's message about a process that has ended begins with."""

Batch: TypeAlias = tuple[torch.Tensor, ...]


class Stored(NamedTuple):
    """Examples that are read and preprocessed when they are needed.

    Attributes:
        inputs: All examples of the source.
        at: The places of these.
        steps: What is done to them.
        shape: The shape of one after that.
        workers: How many processes read them.
    """

    inputs: Inputs
    at: np.ndarray
    steps: tuple[FittedStep, ...]
    shape: tuple[int, ...]
    workers: int

    def read(self, which: Sequence[int] | np.ndarray) -> torch.Tensor:
        """Returns some of the examples, `[count, *shape]`.

        Raises:
            TrainingError: One cannot be read, or has another shape.
        """
        at = self.at[np.asarray(which, dtype=np.int64)]
        if self.inputs.alike:
            return apply(self.inputs.read(at), self.steps)
        return torch.cat([self._one(place) for place in at])

    def whole(self) -> torch.Tensor:
        """Returns all of the examples, `[count, *shape]`.

        Raises:
            TrainingError: One cannot be read, or has another shape.
        """
        parts = self._parts()
        first = next(parts, torch.empty(0, *self.shape))
        made = torch.empty(len(self.at), *first.shape[1:], dtype=first.dtype)
        made[: len(first)] = first
        start = len(first)
        for part in parts:
            made[start : start + len(part)] = part
            start += len(part)
        return made

    def _parts(self) -> Iterator[torch.Tensor]:
        number = len(self.at)
        if self.inputs.alike or number <= FEW or not self.workers:
            for start in range(0, number, CHUNK):
                yield self.read(range(start, min(start + CHUNK, number)))
            return
        nothing = torch.zeros(number, dtype=torch.int64)
        order, reading = Passes(number, FEW), Reading(self, nothing)
        for inputs, _ in loader(reading, order, self.workers, lasting=False):
            yield inputs

    def _one(self, place: int) -> torch.Tensor:
        made = apply(self.inputs.read(np.array([place])), self.steps)
        if tuple(made.shape[1:]) != self.shape:
            raise TrainingError(
                f"{self.inputs.called(place)} is {shape_text(made.shape[1:])}, but "
                f"{self.inputs.called(0)} is {shape_text(self.shape)}",
                "add `resize: [HEIGHT, WIDTH]` to train.data.preprocess, so that all images have "
                "one size",
                place=("train", "data", "preprocess"),
            )
        return made


class Passes(Sampler[torch.Tensor]):
    """The places of the examples of each batch, in passes over all of them.

    A sampler of whole batches: indexing once per batch is what makes small data fast.

    Args:
        number: How many examples a pass has.
        size: How many are in a batch; the last one may have fewer.
        among: How many there are to draw from, if that is more.
        generator: What each pass is drawn from; without, examples come in their order.
    """

    def __init__(
        self,
        number: int,
        size: int,
        among: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self._number, self._size = number, size
        self._among, self._generator = among or number, generator

    def __len__(self) -> int:
        """Returns the number of batches of a pass."""
        return math.ceil(self._number / self._size) if self._number else 0

    def __iter__(self) -> Iterator[torch.Tensor]:
        """Yields the places of each batch, `[size]`."""
        # Drawn when the first batch is wanted: loaders ask for more iterators than they use.
        if self._generator is None:
            places = torch.arange(self._among)
        else:
            places = torch.randperm(self._among, generator=self._generator)
        for start in range(0, self._number, self._size):
            yield places[start : min(start + self._size, self._number)]


class Reading(Dataset[Any]):
    """Reads a batch at a time; a fault crosses from a worker's process as a value.

    Args:
        stored: The examples.
        *beside: What else is in a batch, such as targets, `[count, ...]`.
    """

    def __init__(self, stored: Stored, *beside: torch.Tensor) -> None:
        self._stored = stored
        self._beside = beside

    def __len__(self) -> int:
        return len(self._stored.at)

    def __getitem__(self, at: torch.Tensor) -> Batch | TrainingError:
        try:
            inputs = self._stored.read(at.numpy())
        except TrainingError as error:
            return error.with_traceback(None)
        return (inputs, *(tensor.index_select(0, at) for tensor in self._beside))


def loader(
    reading: Reading, order: Sampler[torch.Tensor], workers: int, *, lasting: bool
) -> DataLoader[Batch]:
    """Returns a loader of batches that are read when they are needed.

    Args:
        reading: What reads them.
        order: The places of the examples of each batch.
        workers: How many processes read.
        lasting: Whether the processes outlive a pass.
    """
    return _Loader(
        reading,
        sampler=order,
        batch_size=None,
        num_workers=workers,
        persistent_workers=lasting and workers > 0,
        generator=own_generator(),
    )


def own_generator() -> torch.Generator:
    """Returns what a loader draws from, which a run that is resumed has to do once more.

    The global generator is for weights, dropout and augmentation alone.
    """
    return torch.Generator().manual_seed(0)


@contextmanager
def watched_readers() -> Iterator[None]:
    """Tells of a process that was killed while it read examples, whatever torch makes of it.

    Raises:
        DeviceError: One was.
    """
    try:
        yield
    except (RuntimeError, ConnectionError, EOFError) as error:
        if isinstance(error, RuntimeError) and KILLED not in str(error):
            raise
        raise DeviceError(
            "a process that reads examples was killed, as happens where memory is short",
            "use fewer of them: train.data.workers",
        ) from error


def cores() -> int:
    """Returns how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _same_signals() -> Iterator[None]:
    """Keeps torch from handling the end of a process: its handler raises at any time, anywhere.

    Without it, a process that was killed is told where its batch is waited for.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not hasattr(signal, "SIGCHLD"):
        yield
        return
    before = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before or signal.SIG_DFL)


class _Loader(DataLoader[Any]):
    """A loader that raises the faults which come instead of batches."""

    def __iter__(self) -> Any:  # noqa: ANN401 - an iterator; torch's own is more than that
        with _same_signals():
            batches: Any = super().__iter__()
        while (batch := next(batches, None)) is not None:
            if isinstance(batch, TrainingError):
                # What is raised keeps this frame; the processes are to end now, not with it.
                batches = self._iterator = None
                raise batch
            yield batch
