"""Pictures as examples, decoded when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch

from archspec.backends.fitted_step import CHANNELS
from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType, shape_text
from archspec.training.errors import TrainingError
from archspec.training.prediction.picture_colours import coloured
from archspec.training.prediction.picture_files import PictureFile, read_picture


class Readable(Protocol):
    """A picture that can be read."""

    @property
    def called(self) -> str: ...  # noqa: D102

    def file(self) -> PictureFile:
        """Returns it to be read."""


class PictureInputs(NamedTuple):
    """Pictures as examples `[channels, height, width]` from 0 to 255.

    Attributes:
        pictures: The pictures.
        channels: How many channels all are given.
    """

    pictures: Sequence[Readable]
    channels: int
    alike: bool = False
    held: bool = False

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.pictures)

    def read(self, at: np.ndarray) -> torch.Tensor:
        """Returns the pictures at some places, which have one size.

        Raises:
            UnreadableError: One cannot be read.
        """
        return torch.stack([self._read(int(place)) for place in at])

    def called(self, at: int) -> str:
        """Returns what a message calls the picture at a place."""
        return self.pictures[at].called

    def _read(self, at: int) -> torch.Tensor:
        picture = coloured(read_picture(self.pictures[at].file()), self.channels)
        pixels = np.moveaxis(np.atleast_3d(np.asarray(picture)), -1, 0)
        return torch.from_numpy(np.ascontiguousarray(pixels, np.float32))


def channels_for(spec: Data, taken: TensorType) -> int:
    """Returns how many channels pictures are decoded to: the spec's, or the network's.

    Raises:
        TrainingError: The network takes no pictures.
    """
    mode = next((step.color_mode for step in spec.preprocess if step.color_mode), None)
    if mode:
        return CHANNELS[mode]
    example = taken.example
    first = example[0] if len(example) == 3 else 0
    if taken.dtype != "float32" or (isinstance(first, int) and first not in CHANNELS.values()):
        kind = "" if taken.dtype == "float32" else f" of {taken.dtype}"
        raise TrainingError(
            f"the network takes {shape_text(example)}{kind}, which no image is: these have 1, 3 "
            "or 4 channels, height and width",
            "take images, such as [3, 224, 224]",
            place=("inputs",),
        )
    return first if isinstance(first, int) else CHANNELS["rgb"]
