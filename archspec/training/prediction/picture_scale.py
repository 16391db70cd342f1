"""Examples as pictures for people: one black and one white for all that are seen together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from PIL import Image

from archspec.training.prediction.picture_colours import WHITE

CHANNELS = (1, 3)
"""How many channels an example that can be looked at has."""

ENOUGH = 256
"""Pixels on a side that are enough to look at among other pictures."""

Scale: TypeAlias = tuple[float, float]
"""The values that are shown black and white."""


def pictured(shape: Sequence[int]) -> bool:
    """Returns whether examples of a shape are pictures: `[C, H, W]` or `[H, W, C]`."""
    return len(shape) == 3 and (shape[0] in CHANNELS or shape[-1] in CHANNELS)


def scale_of(examples: Iterable[np.ndarray]) -> Scale:
    """Returns the values that are black and white in some examples, at least one.

    They are the lowest and the highest; but black is 0 where that is not far below.
    """
    return _scale([_range(example) for example in examples])


def pictures_of(
    examples: Iterable[np.ndarray], scale: Scale | None = None
) -> list[Image.Image] | None:
    """Returns examples as pictures to be seen together; `None` if one of them is no picture.

    Large ones become smaller, so that all of them fit in memory.

    Args:
        examples: The examples, of any sizes, at least one.
        scale: What is black and white; without, it is that of the examples.
    """
    ranges, small = [], []
    for example in examples:
        if not pictured(example.shape):
            return None
        ranges.append(_range(example))
        last = example if example.shape[0] not in CHANNELS else np.moveaxis(example, 0, -1)
        small.append(_reduced(last))
    low, high = scale or _scale(ranges)
    made = []
    for image in small:
        shares = (image.astype(np.float64) - low) / ((high - low) or 1)
        pixels = np.rint(shares.clip(0, 1) * WHITE).astype(np.uint8)
        made.append(Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))
    return made


def _range(example: np.ndarray) -> Scale:
    return float(example.min()), float(example.max())


def _scale(ranges: Sequence[Scale]) -> Scale:
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    return (0.0 if 0 <= low < high / 4 else low), high


def _reduced(image: np.ndarray) -> np.ndarray:
    """Returns an image `[H, W, C]` of fewer than twice `ENOUGH` pixels on a side."""
    height, width, channels = image.shape
    side = max(1, min(max(height, width) // ENOUGH, height, width))
    rows, columns = height // side, width // side
    blocks = image[: rows * side, : columns * side].reshape(rows, side, columns, side, channels)
    reduced: np.ndarray = blocks.mean((1, 3)) if side > 1 else image
    return reduced
