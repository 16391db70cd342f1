"""The augmentation of a data set, which has to know its classes and its white."""

from __future__ import annotations

import torch

from archspec.frontend.train_schema import Augment
from archspec.training.augmentation.augmentation import WHITE, Augmentation
from archspec.training.data.dataset import Dataset, training_batches
from archspec.training.data.examples import CHUNK


def augmentation_of(data: Dataset, augment: Augment, *, classes: int) -> Augmentation:
    """Returns what changes batches of the training split, which come without the late steps.

    White, which matters where brightness is changed, is the largest value of that split.

    Args:
        data: The data.
        augment: What is done.
        classes: How many classes there are, if targets are their numbers; 0 for values.
    """
    white = WHITE
    if augment.brightness_range:
        order = training_batches(data.splits["train"], CHUNK, torch.Generator(), shuffle=False)
        white = max((float(inputs.max()) for inputs, *_ in order), default=WHITE)
    return Augmentation(augment, classes=classes, white=white)
