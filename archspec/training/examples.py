"""Examples of one split, and their batches: slices of tensors, or read by worker processes."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from archspec.ir.types import shape_text
from archspec.training.errors import DeviceError, TrainingError
from archspec.training.preprocessing import FittedStep, apply
from archspec.training.source import UNKNOWN, Inputs

EVALUATION_BATCH = 256
"""Examples per batch where no gradients are kept."""

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
        order, reading = Passes(number, FEW), _Reading(self, nothing)
        for inputs, _ in _loader(reading, order, self.workers, lasting=False):
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
    """

    indices: np.ndarray
    held: torch.Tensor | Stored
    targets: torch.Tensor
    weights: torch.Tensor | None = None
    late: tuple[FittedStep, ...] = ()

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
        if hasattr(signal, "SIGCHLD"):  # torch's handler would raise again, later and anywhere
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        raise DeviceError(
            "a process that reads examples was killed, as happens where memory is short",
            "use fewer of them: train.data.workers",
        ) from error


def cores() -> int:
    """Returns how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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


class _Held(Dataset[Batch]):
    """Tensors, of which whole batches are taken at once."""

    def __init__(self, *tensors: torch.Tensor) -> None:
        self._tensors = tensors

    def __len__(self) -> int:
        return len(self._tensors[0])

    def __getitem__(self, at: torch.Tensor) -> Batch:
        return tuple(tensor.index_select(0, at) for tensor in self._tensors)


class _Reading(Dataset[Any]):
    """Reads a batch at a time; a fault crosses from a worker's process as a value."""

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


class _Loader(DataLoader[Any]):
    """A loader that raises the faults which come instead of batches."""

    def __iter__(self) -> Any:  # noqa: ANN401 - an iterator; torch's own is more than that
        batches: Any = super().__iter__()
        while (batch := next(batches, None)) is not None:
            if isinstance(batch, TrainingError):
                # What is raised keeps this frame; the processes are to end now, not with it.
                batches = self._iterator = None
                raise batch
            yield batch


def _batches(examples: Examples, order: Sampler[torch.Tensor]) -> DataLoader[Batch]:
    beside = (
        (examples.targets,) if examples.weights is None else (examples.targets, examples.weights)
    )
    if isinstance(examples.held, Stored):
        reading = _Reading(examples.held, *beside)
        return _loader(reading, order, examples.held.workers, lasting=True)
    return DataLoader(
        _Held(examples.held, *beside),
        sampler=order,
        batch_size=None,
        generator=_own_generator(),
    )


def _loader(
    reading: _Reading, order: Sampler[torch.Tensor], workers: int, *, lasting: bool
) -> DataLoader[Batch]:
    return _Loader(
        reading,
        sampler=order,
        batch_size=None,
        num_workers=workers,
        persistent_workers=lasting and workers > 0,
        generator=_own_generator(),
    )


def _own_generator() -> torch.Generator:
    """Returns what a loader draws from, which a run that is resumed has to do once more.

    The global generator is for weights, dropout and augmentation alone.
    """
    return torch.Generator().manual_seed(0)
