"""The augmentation of a data set, which has to know its classes and its white."""

from __future__ import annotations

import torch

from archspec.frontend.train_schema import Augment
from archspec.training.augmentation.augmentation import WHITE, Augmentation
from archspec.training.data.dataset import Dataset, training_batches
from archspec.training.data.examples import CHUNK, Examples
from archspec.training.errors import TrainingError


def augmentation_of(data: Dataset, augment: Augment, *, classes: int) -> Augmentation:
    """Returns what changes batches of the training split, which come without the late steps.

    White, which matters where brightness is changed, is the largest value of that split; black
    is 0.

    Args:
        data: The data.
        augment: What is done.
        classes: How many classes there are, if targets are their numbers; 0 for values.

    Raises:
        TrainingError: Brightness is changed of what has values below black.
    """
    white = WHITE
    if augment.brightness_range:
        train = data.splits["train"]
        order = training_batches(train, CHUNK, torch.Generator(), shuffle=False)
        ranges = [inputs.aminmax() for inputs, *_ in order]
        white = max((float(high) for _, high in ranges), default=WHITE)
        if any(low < 0 for low, _ in ranges) and (lowest := _lowest(train)) < 0:
            raise TrainingError(
                f"brightness is that of images from 0 (black) to white, but {data.name} has "
                f"values below 0, down to {lowest:.3g}",
                "give the images as they are before they are normalised, and normalise them in "
                "train.data.preprocess; or leave `brightness_range` out",
                place=("train", "data", "augment", "brightness_range"),
            )
    return Augmentation(augment, classes=classes, white=white)


def _lowest(examples: Examples) -> float:
    """Returns the lowest value before `resize`, which may go below black by itself."""
    return min(float(given.min()) for given in examples.given(range(examples.number)))
