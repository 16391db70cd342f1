"""Examples of a data set to look at, as they are and augmented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from archspec.backends.whole_file import folder_beside
from archspec.frontend.train_schema import Augment
from archspec.training.augmentation import Augmentation
from archspec.training.augmentation.of_data import augmentation_of
from archspec.training.data.dataset import Dataset, training_batches
from archspec.training.data.examples import CHUNK, Examples
from archspec.training.errors import OutputError, TrainingError
from archspec.training.prediction.picture_grid import Cell, Line
from archspec.training.prediction.picture_scale import Scale, pictures_of, scale_of

SHOWN = 36
"""The most examples in a grid."""

ORIGINALS, TIMES = 6, 7
"""How many examples are shown augmented, and how often each."""

LEAST = 0.005
"""The least share of a class, or label, that is told."""


def sample_cells(data: Dataset, split: str, labels: Sequence[str] = ()) -> list[Cell]:
    """Returns some examples of a split as they are before preprocessing, every class in turn.

    Args:
        data: The data set.
        split: The split.
        labels: The names of the labels, where examples may have several.

    Raises:
        TrainingError: They are no images.
    """
    examples = data.splits[split]
    at = _chosen(examples, len(data.classes), SHOWN)
    pictures = _pictures(examples.given(at))
    captions = _captions(data, examples.targets[at], labels)
    return [
        Cell(picture, [*caption, f"#{examples.indices[place]}"], None)
        for picture, caption, place in zip(pictures, captions, at, strict=True)
    ]


def augmented_cells(data: Dataset, augment: Augment, labels: Sequence[str] = ()) -> list[Cell]:
    """Returns training examples, each followed by `TIMES` augmented ones.

    They are drawn from torch's global generator. What they are is told again where they are mixed.

    Args:
        data: The data set.
        augment: What is done.
        labels: The names of the labels, where examples may have several.

    Raises:
        TrainingError: They are no images, or cannot be augmented so.
    """
    examples = data.splits["train"]
    at = _chosen(examples, len(data.classes), ORIGINALS)
    images, targets = examples.early(at), examples.targets[at]
    augmentation = augmentation_for(data, augment)
    scale = scale_of([images.numpy()])
    originals = _pictures(images.numpy(), scale)
    rows = [
        [Cell(picture, [*caption, "original"], None)]
        for picture, caption in zip(originals, _captions(data, targets, labels), strict=True)
    ]
    for _ in range(TIMES):
        changed, soft = augmentation(images.clone(), targets)
        mixed = augment.mixup or augment.cutmix
        captions = _captions(data, soft, labels) if mixed else [()] * len(rows)
        pictures = _pictures(changed.numpy(), scale)
        for row, picture, caption in zip(rows, pictures, captions, strict=True):
            row.append(Cell(picture, caption, None))
    return [cell for row in rows for cell in row]


def augmentation_for(data: Dataset, augment: Augment) -> Augmentation:
    """Returns what changes batches of the training split as they are before the late steps."""
    train = data.splits["train"]
    numbered = len(data.classes) if not train.targets.is_floating_point() else 0
    return augmentation_of(data, augment, classes=numbered)


def save_augmented(directory: Path, data: Dataset, augment: Augment, times: int) -> int:
    """Writes augmented training images, in one directory for each class, all or none.

    Args:
        directory: Where to; new, or empty.
        data: The data set.
        augment: What is done to each image.
        times: How often each is augmented.

    Returns:
        How many there are.

    Raises:
        OutputError: There is something at `directory` already.
        TrainingError: They are no images, or cannot be augmented so.
        OSError: They cannot be written.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise OutputError(f"{directory} is not empty", "give a new directory")
    train, number = data.splits["train"], 0
    augmentation = augmentation_for(data, augment)
    scale = scale_of(inputs.numpy() for inputs, *_ in _in_order(train))
    directory.parent.mkdir(parents=True, exist_ok=True)
    with folder_beside(directory) as folder:
        whole = folder / "images"
        for time in range(times):
            for inputs, targets, at in _numbered(train):
                changed, soft = augmentation(inputs, targets)
                for picture, place, label in zip(
                    _pictures(changed.numpy(), scale), at, _folders(data, soft), strict=True
                ):
                    _save(whole / label / f"{train.indices[place]}-{time}.png", picture)
                    number += 1
        if directory.is_dir():
            directory.rmdir()
        whole.rename(directory)
    return number


def _save(path: Path, picture: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    picture.save(content, "PNG")
    path.write_bytes(content.getvalue())


def _in_order(examples: Examples) -> Iterable[Sequence[torch.Tensor]]:
    return training_batches(examples, CHUNK, torch.Generator(), shuffle=False)


def _numbered(examples: Examples) -> Iterator[tuple[torch.Tensor, torch.Tensor, range]]:
    for start in range(0, examples.number, CHUNK):
        at = range(start, min(start + CHUNK, examples.number))
        yield examples.early(at), examples.targets[at.start : at.stop], at


def _chosen(examples: Examples, classes: int, most: int) -> np.ndarray:
    """Returns the places of the first examples of each class in turn; without classes, the first.

    Raises:
        TrainingError: There are none.
    """
    if not examples.number:
        raise TrainingError("there are no examples in this split", "name another one by --split")
    if not classes:
        return np.arange(min(most, examples.number))
    targets = examples.targets if examples.targets.ndim == 1 else examples.targets.argmax(1)
    numbers = targets.numpy()
    turns = np.empty(len(numbers), int)
    for number in np.unique(numbers):
        places = np.flatnonzero(numbers == number)
        turns[places] = np.arange(len(places))
    made: np.ndarray = np.lexsort((numbers, turns))[:most]
    return made


def _captions(
    data: Dataset, targets: torch.Tensor, labels: Sequence[str]
) -> list[Sequence[Line]]:  # fmt: skip
    """Returns what stands below images: classes or labels, with their shares, or values."""
    if labels and targets.ndim == 2:
        return [[", ".join(map("".join, _shares(row, labels))) or "none"] for row in targets]
    if not data.classes:
        return [[", ".join(f"{value:.4g}" for value in row.flatten()[:3])] for row in targets]
    if targets.ndim == 1:
        return [[data.classes[number]] for number in targets.tolist()]
    return [_shares(row, data.classes) for row in targets]


def _shares(row: torch.Tensor, names: Sequence[str]) -> list[tuple[str, str]]:
    """Returns the names of what an example has, most of all first, with the shares of parts."""
    named = zip(row.tolist(), names, strict=True)
    return [
        (name, "" if share > 1 - LEAST else f" ({share:.0%})")
        for share, name in sorted(named, key=lambda each: -each[0])
        if share > LEAST
    ]


def _folders(data: Dataset, targets: torch.Tensor) -> list[str]:
    """Returns names of directories: the classes', or those of the largest shares."""
    if not data.classes:
        return [""] * len(targets)
    numbers = targets if targets.ndim == 1 else targets.argmax(1)
    names = [name.replace("/", "_").replace("\\", "_").strip(".") or "_" for name in data.classes]
    return [names[number] for number in numbers.tolist()]


def _pictures(images: Iterable[np.ndarray], scale: Scale | None = None) -> list[Image.Image]:
    """Returns images as pictures, black and white being those of a scale.

    Raises:
        TrainingError: They are no images.
    """
    made = pictures_of(images, scale)
    if made is None:
        raise TrainingError("the examples are no images", "leave the pictures out")
    return made
