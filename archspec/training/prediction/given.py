"""What a model is run on: examples in memory or pictures in files, one at a time or in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from PIL import Image

from archspec.training.data.source import UNKNOWN
from archspec.training.errors import TrainingError
from archspec.training.prediction.picture_files import ANIMATED, PictureFile, read_picture
from archspec.training.prediction.picture_scale import pictured, pictures_of
from archspec.training.prediction.pictures import Preparation

Arrays: TypeAlias = Mapping[str, np.ndarray]

Skip: TypeAlias = Callable[[int, TrainingError], None]
"""Is told which example, by its place, could not be taken, and why."""

MEMORY = 2**26
"""How many bytes of examples, waiting to become a batch, are in memory at most."""


class Given(Protocol):
    """Examples to run a model on.

    Attributes:
        name: What they are called together.
        indices: Their numbers, as they are told.
        files: What each is called, if they are files.
        truths: The number of each one's class, `UNKNOWN` where it is not known.
        values: The values, or labels of 0 and 1, that are true of each, `[count, ...]`; `None`
            if they are not known.
        pictured: Whether they are pictures, for people to look at.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def indices(self) -> np.ndarray: ...  # noqa: D102
    @property
    def files(self) -> Sequence[str] | None: ...  # noqa: D102
    @property
    def truths(self) -> np.ndarray: ...  # noqa: D102
    @property
    def values(self) -> np.ndarray | None: ...  # noqa: D102

    @property
    def pictured(self) -> bool: ...  # noqa: D102

    def example(self, at: int) -> Arrays:
        """Returns what the model takes for the example at a place, by input.

        Raises:
            TrainingError: It cannot be read, or not be made what the model takes.
        """

    def pictures(self, places: Sequence[int]) -> list[Image.Image]:
        """Returns some of the examples, which are pictures, for people to look at together."""


class GivenArrays(NamedTuple):
    """Examples in memory.

    Attributes:
        name: Their data set, or their file.
        indices: Their numbers in it.
        inputs: What the model takes, `[count, *shape]` by input.
        truths: The number of each one's class.
        values: The values that are true of each.
        before: Returns some of them as they were before preprocessing, of the first input.
        files: They are not files of their own.
    """

    name: str
    indices: np.ndarray
    inputs: Arrays
    truths: np.ndarray
    values: np.ndarray | None = None
    before: Callable[[Sequence[int]], Iterable[np.ndarray]] | None = None
    files: None = None

    @property
    def pictured(self) -> bool:
        """Whether the first input is pictures."""
        return pictured(next(iter(self._shown([0]))).shape)

    def example(self, at: int) -> Arrays:
        """Returns what the model takes for the example at a place, by input."""
        return {name: array[at] for name, array in self.inputs.items()}

    def pictures(self, places: Sequence[int]) -> list[Image.Image]:
        """Returns the first input of some examples, all with the same black and white."""
        made = pictures_of(self._shown(places))
        if made is None:
            raise ValueError("the examples are no pictures")
        return made

    def _shown(self, places: Sequence[int]) -> Iterable[np.ndarray]:
        if self.before:
            return self.before(places)
        return next(iter(self.inputs.values()))[[*places]]


@dataclass(frozen=True)
class GivenPictures:
    """Pictures that are read when they are needed.

    Attributes:
        name: What they are called together.
        input: The model's input.
        found: The files.
        preparation: How they become examples.
        truths: The number of each one's class.
        animated: Those read so far that are the first of several in their file, by name.
        pictured: They are pictures.
        values: No values are known of them.
    """

    name: str
    input: str
    found: Sequence[PictureFile]
    preparation: Preparation
    truths: np.ndarray
    animated: list[str] = field(default_factory=list)
    pictured: bool = True
    values: None = None

    @property
    def indices(self) -> np.ndarray:
        """Their numbers, from 0."""
        return np.arange(len(self.found))

    @property
    def files(self) -> Sequence[str]:
        """What each is called."""
        return [file.name for file in self.found]

    def example(self, at: int) -> Arrays:
        """Returns what the model takes for the picture at a place.

        Raises:
            TrainingError: It cannot be read, or not be made what the model takes.
        """
        name = self.found[at].name
        picture = read_picture(self.found[at])
        try:
            example = self.preparation.example(picture)
        except TrainingError as error:
            raise TrainingError(f"{name}: {error.message}", error.help) from error
        if picture.info.get(ANIMATED):
            self.animated.append(name)
        return {self.input: example}

    def pictures(self, places: Sequence[int]) -> list[Image.Image]:
        """Returns the pictures at some places as their files have them."""
        return [read_picture(self.found[at]) for at in places]


class Batch(NamedTuple):
    """Some of the examples, of one size.

    Attributes:
        places: Where they stand among all.
        inputs: What the model takes, `[count, *shape]` by input.
    """

    places: np.ndarray
    inputs: dict[str, np.ndarray]


def batches(given: Given, size: int, skip: Skip) -> Iterator[Batch]:
    """Yields all examples in batches of one size each, at most `size` of them.

    No more than these, and `MEMORY` but for the last one, are in memory at once.

    Args:
        given: The examples.
        size: The most in a batch.
        skip: Is told of those that cannot be read.
    """
    waiting: dict[tuple[tuple[int, ...], ...], list[tuple[int, Arrays]]] = {}
    count, memory = 0, 0
    for at in range(len(given.indices)):
        try:
            example = given.example(at)
        except TrainingError as error:
            skip(at, error)
            continue
        waiting.setdefault(_shapes(example), []).append((at, example))
        count, memory = count + 1, memory + _bytes(example)
        if count == size or memory >= MEMORY:
            most = waiting.pop(max(waiting, key=lambda shapes: len(waiting[shapes])))
            count, memory = count - len(most), memory - sum(_bytes(each) for _, each in most)
            yield _batch(most)
    for alike in waiting.values():
        yield _batch(alike)


def _shapes(example: Arrays) -> tuple[tuple[int, ...], ...]:
    return tuple(array.shape for array in example.values())


def _bytes(example: Arrays) -> int:
    return sum(array.nbytes for array in example.values())


def _batch(examples: Sequence[tuple[int, Arrays]]) -> Batch:
    places, arrays = zip(*examples, strict=True)
    return Batch(
        np.array(places), {name: np.stack([a[name] for a in arrays]) for name in arrays[0]}
    )


def truths_of_folders(found: Sequence[PictureFile], labels: Sequence[str]) -> np.ndarray:
    """Returns the number of each picture's class, which is the name of its directory.

    Unless all directories are called as classes are, no class is known.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    if not all(file.folder in numbers for file in found):
        return np.full(len(found), UNKNOWN)
    return np.array([numbers[file.folder] for file in found], np.int64)
