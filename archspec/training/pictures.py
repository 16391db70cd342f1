"""Pictures as examples: files found and read, what a network takes made of them, and back.

The steps are those of training, run by the same code; only what a data set has already and
a file has not is done here: the colours, the scale of the pixels, the size without a `resize`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps

from archspec.frontend.train_schema import Normalize, Resize, Step
from archspec.ir.types import TensorType, shape_text
from archspec.training.errors import TrainingError, UnreadableError
from archspec.training.preprocess import preprocess

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""The colours of a picture by the number of its channels, as Pillow calls them."""

WHITE = 255
"""The largest value of a pixel."""


class PictureFile(NamedTuple):
    """A picture that has not been read.

    Attributes:
        name: What it is called: its path, or a word where it has none.
        source: The file, or its content.
        folder: The directory that it is in, below the one that was given: its class, perhaps.
        place: Where it stands below what was given, without its suffix.
    """

    name: str
    source: Path | bytes
    folder: str
    place: Path


def picture_files(path: Path) -> list[PictureFile]:
    """Returns a picture, or all pictures in a directory and those below it.

    Raises:
        UnreadableError: It is not there, or cannot be read, or holds no pictures.
    """
    try:
        if not path.is_dir():
            with path.open("rb"):
                return [PictureFile(str(path), path, "", Path(path.stem))]
        found = sorted(_below(path))
    except OSError as error:
        place = error.filename or path
        raise UnreadableError(f"cannot read {place}: {error.strerror or error}") from error
    if not found:
        raise UnreadableError(
            f"{path} holds no images", "give a directory with files such as .png or .jpg"
        )
    inner = [file.relative_to(path) for file in found]
    return [
        PictureFile(str(file), file, place.parts[0] if len(place.parts) > 1 else "",
                    place.with_suffix(""))
        for file, place in zip(found, inner, strict=True)
    ]  # fmt: skip


def _below(directory: Path) -> Iterator[Path]:
    """Yields the pictures below a directory; what hides is left out, as are other files."""
    suffixes = Image.registered_extensions().keys()
    for path in directory.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _below(path)
        elif path.suffix.lower() in suffixes:
            yield path


def read_picture(file: PictureFile) -> Image.Image:
    """Returns a picture the right way up.

    Raises:
        UnreadableError: It cannot be read, or is not whole, or is none.
    """
    source = BytesIO(file.source) if isinstance(file.source, bytes) else file.source
    try:
        with warnings.catch_warnings():
            # Of its size: a picture that fills the memory is a fault here and no warning.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source) as image:
                image.load()
                return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UnreadableError(
            f"{file.name} has too many pixels", "make it smaller, or leave it out"
        ) from error
    except FileNotFoundError as error:
        raise UnreadableError(f"cannot read {file.name}: {error.strerror}") from error
    except Exception as error:  # what a file holds can make Pillow fail in any way
        raise UnreadableError(
            f"{file.name} is not an image that Pillow can read, or is not whole",
            "mend it, or leave it out",
        ) from error


class Preparation(NamedTuple):
    """How pictures become examples, and outputs pictures.

    Attributes:
        taken: What the network takes.
        steps: The steps of preprocessing.
        white: What the data that it was trained on have where a picture has 255.
        channels_last: Whether it takes `[H, W, C]`.
    """

    taken: TensorType
    steps: Sequence[Step] = ()
    white: float = WHITE
    channels_last: bool = False

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of all pictures, if no step sets them and the network does."""
        if any(isinstance(step.options, Resize) for step in self.steps):
            return None
        example = self.taken.example
        height, width = example[:2] if self.channels_last else example[1:]
        return (height, width) if isinstance(height, int) and isinstance(width, int) else None

    def require_pictures(self) -> None:
        """Checks that the network takes pictures.

        Raises:
            TrainingError: It does not.
        """
        example = self.taken.example
        channels = example[-1 if self.channels_last else 0] if len(example) == 3 else 0
        if isinstance(channels, int) and channels not in MODES:
            raise TrainingError(
                f"the network takes {shape_text(example)}, which no image is: these have 1, 3 "
                "or 4 channels, height and width",
                "give the examples as arrays, in an .npz file",
            )
        if self.taken.dtype in ("int64", "bool"):
            raise TrainingError(
                f"the network takes {self.taken.dtype}, and not the colours of images",
                "give the examples as arrays, in an .npz file",
            )

    def example(self, picture: Image.Image) -> np.ndarray:
        """Returns what the network takes for a picture.

        Raises:
            TrainingError: The steps are not for such pictures.
        """
        example = self.taken.example
        channels = example[-1] if self.channels_last else example[0]
        picture = _sixteen_bits(picture) or picture
        # Where the network takes any number of channels, the picture's own.
        own = "L" if Image.getmodebase(picture.mode) == "L" else "RGB"
        picture = picture.convert(MODES[channels] if isinstance(channels, int) else own)
        if self.size and (picture.height, picture.width) != self.size:
            picture = picture.resize(self.size[::-1], Image.Resampling.BILINEAR)
        pixels = np.moveaxis(np.atleast_3d(np.asarray(picture)), -1, 0)
        scaled = np.ascontiguousarray(pixels, np.float32) * (self.white / WHITE)
        made = preprocess(torch.from_numpy(scaled).unsqueeze(0), self.steps)[0].numpy()
        if self.taken.dtype == "uint8":
            made = np.rint(made)
        made = np.moveaxis(made, 0, -1) if self.channels_last else made
        return made.astype(self.taken.dtype, copy=False)

    def picture(self, output: np.ndarray, *, share: bool) -> tuple[Image.Image, float]:
        """Returns the picture that an output `[C, H, W]` is, and the share of values cut off.

        The output is taken to be in the units of the input, so that the steps are undone; or
        to be shares of 1, as those of a sigmoid are.

        Raises:
            TrainingError: The steps cannot be undone for so many channels.
        """
        pixels = output.astype(np.float64) * (WHITE if share else 1)
        if not share and self.taken.dtype != "uint8":
            for step in reversed(self.steps):
                pixels = _undone(pixels, step)
            pixels *= WHITE / self.white
        rounded = np.nan_to_num(np.rint(pixels), nan=0)
        cut = float(np.mean((rounded < 0) | (rounded > WHITE)))
        array = np.moveaxis(np.clip(rounded, 0, WHITE).astype(np.uint8), 0, -1)
        return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array), cut


def _undone(pixels: np.ndarray, step: Step) -> np.ndarray:
    match step.options:
        case Resize():
            return pixels
        case Normalize(mean=mean, std=std):
            if {len(mean), len(std)} - {1, len(pixels)}:
                raise TrainingError(
                    f"`normalize` has values for {max(len(mean), len(std))} channels, but the "
                    f"output has {len(pixels)}, so its colours are not known",
                    "write the numbers instead: -o FILE.npz",
                )
            scale, shift = (np.reshape(values, (-1, 1, 1)) for values in (std, mean))
            made: np.ndarray = pixels * scale + shift
            return made
        case float(factor):
            return pixels / (factor or 1)
    raise AssertionError(f"{step.name} is not undone")


def _sixteen_bits(picture: Image.Image) -> Image.Image | None:
    """Returns a picture of 16 bits in 8, which Pillow would cut off instead."""
    if not picture.mode.startswith("I"):
        return None
    values = np.asarray(picture).astype(np.float64) / 257
    return Image.fromarray(np.clip(np.rint(values), 0, WHITE).astype(np.uint8))


def stretched(example: np.ndarray) -> Image.Image | None:
    """Returns an example as a picture from black to white, if it can be one.

    It can with 1 or 3 channels: `[C, H, W]`, or else `[H, W, C]`.
    """
    if example.ndim == 3 and example.shape[0] not in (1, 3):
        example = np.moveaxis(example, -1, 0)
    if example.ndim != 3 or example.shape[0] not in (1, 3):
        return None
    low, high = float(example.min()), float(example.max())
    pixels = (example.astype(np.float64) - low) * (WHITE / ((high - low) or 1))
    array = np.moveaxis(pixels.astype(np.uint8), 0, -1)
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)
