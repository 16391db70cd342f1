"""Pictures as examples: what a network takes made of them, and pictures of what it makes.

The steps are those of training; only what a data set has already and a file has not is done
here: the colours, the scale of the pixels, the size without a `resize`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from archspec.backends.fitted_step import EPSILON, FittedStep, given_channels
from archspec.frontend.train_schema import Normalize, Resize, Standardize
from archspec.ir.types import TensorType, shape_text
from archspec.training.errors import TrainingError
from archspec.training.prediction.picture_colours import WHITE, coloured

CHANNELS = (1, 3, 4)
"""How many channels a picture can have: grey, or red, green and blue, or transparency, too."""


class Preparation(NamedTuple):
    """How pictures become examples, and outputs pictures.

    Attributes:
        taken: What the network takes.
        steps: The steps of preprocessing, with what they have learnt.
        white: What the data that it was trained on have where a picture has 255.
        channels_last: Whether it takes `[H, W, C]`.
    """

    taken: TensorType
    steps: Sequence[FittedStep] = ()
    white: float = WHITE
    channels_last: bool = False

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of all pictures, if no step sets them and the network does."""
        if any(isinstance(fitted.step.options, Resize) for fitted in self.steps):
            return None
        example = self.taken.example
        height, width = example[:2] if self.channels_last else example[1:]
        return (height, width) if isinstance(height, int) and isinstance(width, int) else None

    def require_pictures(self) -> None:
        """Checks that the network takes pictures, and that all is known of how.

        Raises:
            TrainingError: It does not, or a step lacks what it has learnt.
        """
        example = self.taken.example
        channels = example[-1 if self.channels_last else 0] if len(example) == 3 else 0
        if isinstance(channels, int) and channels not in CHANNELS:
            raise TrainingError(
                f"the network takes {shape_text(example)}, which no image is: these have 1, 3 "
                "or 4 channels, height and width",
                "give the examples as arrays, in an .npz file"
                + (", or as a table, in a .csv or .parquet file" if len(example) == 1 else ""),
            )
        if self.taken.dtype in ("int64", "bool"):
            raise TrainingError(
                f"the network takes {self.taken.dtype}, and not the colours of images",
                "give the examples as arrays, in an .npz file",
            )
        for fitted in self.steps:
            if not fitted.ready:
                raise TrainingError(
                    f"`{fitted.step.name}` learns from the training examples, and the model does "
                    "not carry what it learnt",
                    "export it again with --weights RUN, the directory of its training",
                )

    def example(self, picture: Image.Image) -> np.ndarray:
        """Returns what the network takes for a picture.

        Raises:
            TrainingError: The steps are not for such pictures.
        """
        example = self.taken.example
        taken = example[-1] if self.channels_last else example[0]
        channels = given_channels(self.steps) or taken
        picture = coloured(picture, channels if isinstance(channels, int) else None)
        if self.size and (picture.height, picture.width) != self.size:
            picture = picture.resize(self.size[::-1], Image.Resampling.BILINEAR)
        pixels = np.moveaxis(np.atleast_3d(np.asarray(picture)), -1, 0)
        scaled = np.ascontiguousarray(pixels, np.float32) * (self.white / WHITE)
        made = _stepped(scaled, self.steps)
        if self.taken.dtype == "uint8":
            made = np.rint(made)
        made = np.moveaxis(made, 0, -1) if self.channels_last else made
        return made.astype(self.taken.dtype, copy=False)

    def picture(self, output: np.ndarray, *, share: bool) -> tuple[Image.Image, float]:
        """Returns the picture that an output `[C, H, W]` is, and the share of values cut off.

        The output is taken to be in the units of the input, so that the steps are undone; or
        to be shares of 1, as those of a sigmoid are.

        Raises:
            TrainingError: The steps cannot be undone, or not for so many channels.
        """
        pixels = output.astype(np.float64) * (WHITE if share else 1)
        if not share and self.taken.dtype != "uint8":
            for fitted in reversed(self.steps):
                pixels = _undone(pixels, fitted)
            pixels *= WHITE / self.white
        rounded = np.nan_to_num(np.rint(pixels), nan=0)
        cut = float(np.mean((rounded < 0) | (rounded > WHITE)))
        array = np.moveaxis(np.clip(rounded, 0, WHITE).astype(np.uint8), 0, -1)
        return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array), cut


def _stepped(pixels: np.ndarray, steps: Sequence[FittedStep]) -> np.ndarray:
    """Returns the pixels `[C, H, W]` after all steps of preprocessing, in order.

    PyTorch takes longer to import than a small model takes to run, so what needs none of it is
    done without; the results are the same to the last bit.
    """
    for fitted in steps:
        match fitted.step.options:
            case float(factor):
                pixels = pixels * np.float32(factor)
            case Normalize(mean=mean, std=std) if {len(mean), len(std)} <= {1, len(pixels)}:
                shift, scale = (
                    np.array(values, np.float32).reshape(-1, 1, 1) for values in (mean, std)
                )
                pixels = (pixels - shift) / scale
            case _:
                import torch

                from archspec.training.preprocessing import apply

                pixels = apply(torch.from_numpy(pixels).unsqueeze(0), [fitted])[0].numpy()
    return pixels


def _undone(pixels: np.ndarray, fitted: FittedStep) -> np.ndarray:
    match fitted.step.options:
        case Resize() | str():  # the colours of an output are those that it has
            return pixels
        case Normalize(mean=mean, std=std):
            return _unscaled(pixels, fitted, mean, std)
        case Standardize(by="featurewise", center=center, scale=scale) if fitted.ready:
            shift = fitted.learnt["mean"] if center else np.zeros(1)
            factor = fitted.learnt["std"] + EPSILON if scale else np.ones(1)
            return _unscaled(pixels, fitted, shift, factor)
        case float(factor):
            return pixels / (factor or 1)
    raise TrainingError(
        f"`{fitted.step.name}` cannot be undone, so the colours of the output are not known",
        "write the numbers instead: -o FILE.npz",
    )


def _unscaled(
    pixels: np.ndarray, fitted: FittedStep, mean: ArrayLike, std: ArrayLike
) -> np.ndarray:
    shift, scale = (np.reshape(values, (-1, 1, 1)) for values in (mean, std))
    if {len(shift), len(scale)} - {1, len(pixels)}:
        raise TrainingError(
            f"`{fitted.step.name}` has values for {max(len(shift), len(scale))} channels, but the "
            f"output has {len(pixels)}, so its colours are not known",
            "write the numbers instead: -o FILE.npz",
        )
    made: np.ndarray = pixels * scale + shift
    return made
