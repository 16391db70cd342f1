"""A directory or zip file of images, in one directory for each class, as a source."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.source import Source
from archspec.training.data.sources.picture_classes import labelled
from archspec.training.data.sources.picture_tree import picture_tree
from archspec.training.data.sources.pictures import PictureInputs, channels_for
from archspec.training.errors import TrainingError


def read(spec: Data, taken: TensorType) -> Source:
    """Returns the images in the directory that a spec names, which are not decoded yet.

    Raises:
        UnreadableError: It is not there, or holds no images.
        TrainingError: Its directories are not those of classes.
    """
    if spec.targets == "values":
        raise TrainingError(
            "the directories of images are classes, not values",
            "leave `targets` out of train.data, or give the values in an .npz file",
            place=("train", "data", "targets"),
        )
    path = Path(str(spec.folder))
    channels = channels_for(spec, taken)
    found = labelled(picture_tree(path), spec.classes)
    splits = np.array(found.splits)
    names = [name for name in ("validation", "test") if name in found.splits]
    own = {name: np.flatnonzero(splits == name) for name in names}
    targets = np.array(found.numbers, np.int64)
    inputs = PictureInputs(found.pictures, channels)
    return Source(path.stem, found.classes, inputs, targets, own)


def class_names(path: Path) -> tuple[str, ...]:
    """Returns the names of the classes in a directory of images.

    Raises:
        UnreadableError: It is not there, or holds no images.
        TrainingError: Its directories are not those of classes.
    """
    return labelled(picture_tree(path), None).classes
