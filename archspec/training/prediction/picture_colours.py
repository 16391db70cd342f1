"""The pixels of picture files, of which there are many kinds, as those that networks know.

What a file holds becomes 8 bits of grey or of red, green and blue, with transparency where it
has that; what has no sensible form of that kind is refused.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from archspec.training.errors import UnreadableError

WHITE = 255
"""The largest value of a pixel."""

DEEP_WHITE = 65535
"""The largest value of a pixel of 16 bits."""

PAPER = "white"
"""What is seen through transparent pixels where a network takes no transparency."""

MODES = {"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "CMYK": "RGB", "YCbCr": "RGB",
         "HSV": "RGB", "LAB": "RGB", "RGBX": "RGB"}  # fmt: skip
"""What Pillow's kinds of pixels become; those not named here stay, or are refused."""

REMEDY = "save it with 8 bits for each colour, or give its numbers in an .npy file"


def plain(picture: Image.Image, name: str) -> Image.Image:
    """Returns a picture in one of Pillow's modes `L`, `LA`, `RGB` and `RGBA`.

    Bilevel pixels become black and white, palettes their colours, 16 bits the 8 highest,
    rounded.

    Args:
        picture: The picture.
        name: What a message calls it.

    Raises:
        UnreadableError: Its pixels do not say what white is, or what colours they are.
    """
    if picture.mode == "F":
        raise UnreadableError(
            f"{name} has floating-point pixels, which do not say what white is", REMEDY
        )
    if picture.mode.startswith("I"):
        return _of_sixteen_bits(picture, name)
    transparent = "transparency" in picture.info
    if picture.mode in ("L", "LA"):
        return picture.convert("LA") if transparent else picture
    if picture.mode in ("P", "RGB", "RGBA"):
        return picture.convert("RGBA" if transparent or picture.mode == "RGBA" else "RGB")
    if picture.mode not in MODES:
        raise UnreadableError(f"{name} has colours of the kind {picture.mode}", REMEDY)
    return picture.convert(MODES[picture.mode])


def coloured(picture: Image.Image, channels: int | None) -> Image.Image:
    """Returns a plain picture with as many channels as are wanted, transparent pixels on white.

    Args:
        picture: What `plain` returned.
        channels: 1, 3 or 4; without, the picture's own are taken, 1 or 3.
    """
    if channels == 4:
        return picture.convert("RGBA")
    if picture.mode in ("LA", "RGBA"):
        paper = Image.new("RGBA", picture.size, PAPER)
        opaque = Image.alpha_composite(paper, picture.convert("RGBA"))
        picture = opaque.convert("L" if picture.mode == "LA" else "RGB")
    return picture.convert({1: "L", 3: "RGB", None: picture.mode}[channels])


def _of_sixteen_bits(picture: Image.Image, name: str) -> Image.Image:
    """Returns whole numbers from 0 to 65535 in 8 bits; Pillow would cut them off instead."""
    values = np.asarray(picture).astype(np.float64)
    if values.min() < 0 or values.max() > DEEP_WHITE:
        raise UnreadableError(
            f"{name} has pixels of 32 bits, which do not say what white is", REMEDY
        )
    return Image.fromarray(np.rint(values * (WHITE / DEEP_WHITE)).astype(np.uint8))
