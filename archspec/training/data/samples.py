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
from archspec.training.prediction.picture_colours import WHITE
from archspec.training.prediction.picture_grid import Cell

SHOWN = 36
"""The most examples in a grid."""

ORIGINALS, TIMES = 6, 7
"""How many examples are shown augmented, and how often each."""

CHANNELS = (1, 3)
"""How many channels an image to look at has."""


def sample_cells(data: Dataset, split: str) -> list[Cell]:
    """Returns some examples of a split, of every class in turn.

    Raises:
        TrainingError: They are no images.
    """
    examples = data.splits[split]
    at = _chosen(examples, len(data.classes), SHOWN)
    images = examples.early(at)
    pictures = _pictures(images, _range([images]))
    return [
        Cell(picture, [label, f"#{examples.indices[place]}"], None)
        for picture, label, place in zip(
            pictures, _labels(data, examples.targets[at]), at, strict=True
        )
    ]


def augmented_cells(data: Dataset, augment: Augment) -> list[Cell]:
    """Returns training examples, each followed by `TIMES` augmented ones.

    They are drawn from torch's global generator.

    Raises:
        TrainingError: They are no images, or cannot be augmented so.
    """
    examples = data.splits["train"]
    at = _chosen(examples, len(data.classes), ORIGINALS)
    images, targets = examples.early(at), examples.targets[at]
    augmentation = augmentation_for(data, augment)
    scale = _range([images])
    rows = [[Cell(p, [label], None)] for p, label in
            zip(_pictures(images, scale), _labels(data, targets), strict=True)]  # fmt: skip
    for _ in range(TIMES):
        changed, soft = augmentation(images.clone(), targets)
        pictures, labels = _pictures(changed, scale), _labels(data, soft)
        for row, picture, label in zip(rows, pictures, labels, strict=True):
            row.append(Cell(picture, [label], None))
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
    scale = _range(inputs for inputs, *_ in _in_order(train))
    directory.parent.mkdir(parents=True, exist_ok=True)
    with folder_beside(directory) as folder:
        whole = folder / "images"
        for time in range(times):
            for inputs, targets, at in _numbered(train):
                changed, soft = augmentation(inputs, targets)
                for picture, place, label in zip(
                    _pictures(changed, scale), at, _folders(data, soft), strict=True
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


def _labels(data: Dataset, targets: torch.Tensor) -> list[str]:
    """Returns what stands below images: their class, the shares of several, or their values."""
    if not data.classes:
        return [", ".join(f"{value:.4g}" for value in row.flatten()[:3]) for row in targets]
    if targets.ndim == 1:
        return [data.classes[number] for number in targets.tolist()]
    made = []
    for row in targets:
        shares = sorted(zip(row.tolist(), data.classes, strict=True), reverse=True)[:2]
        told = [f"{share:.2f} {name}" for share, name in shares if share > 0.005]
        made.append(shares[0][1] if len(told) == 1 else " + ".join(told))
    return made


def _folders(data: Dataset, targets: torch.Tensor) -> list[str]:
    """Returns names of directories: the classes', or those of the largest shares."""
    if not data.classes:
        return [""] * len(targets)
    numbers = targets if targets.ndim == 1 else targets.argmax(1)
    names = [name.replace("/", "_").replace("\\", "_").strip(".") or "_" for name in data.classes]
    return [names[number] for number in numbers.tolist()]


def _range(batches: Iterable[torch.Tensor]) -> tuple[float, float]:
    lows, highs = zip(*((float(b.min()), float(b.max())) for b in batches), strict=True)
    low, high = min(lows), max(highs)
    return (0.0 if 0 <= low < high / 4 else low), high


def _pictures(images: torch.Tensor, scale: tuple[float, float]) -> list[Image.Image]:
    """Returns images `[count, C, H, W]` as pictures, black and white being those of a scale.

    Raises:
        TrainingError: They are no images.
    """
    if images.ndim != 4 or images.shape[1] not in CHANNELS:
        raise TrainingError("the examples are no images", "leave the pictures out")
    low, high = scale
    shares = (images.double() - low) / ((high - low) or 1)
    pixels = (shares.clamp(0, 1) * WHITE).round().to(torch.uint8).movedim(1, -1).numpy()
    return [Image.fromarray(p[..., 0] if p.shape[-1] == 1 else p) for p in pixels]
