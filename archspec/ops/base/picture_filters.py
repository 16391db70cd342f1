"""Kernels that picture processing knows by name."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

FilterName: TypeAlias = Literal[
    "identity",
    "sharpen",
    "box_blur",
    "gaussian_blur",
    "outline",
    "laplacian",
    "emboss",
    "sobel_x",
    "sobel_y",
    "prewitt_x",
    "prewitt_y",
]

FILTERS: Mapping[FilterName, tuple[tuple[float, ...], ...]] = {
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "box_blur": ((1 / 9,) * 3,) * 3,
    "gaussian_blur": ((1 / 16, 1 / 8, 1 / 16), (1 / 8, 1 / 4, 1 / 8), (1 / 16, 1 / 8, 1 / 16)),
    "outline": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "laplacian": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    "sobel_x": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "sobel_y": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "prewitt_x": ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
    "prewitt_y": ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
}
"""The kernels, rows from top to bottom; like a convolution's, they are not turned round.

The blurs keep the brightness. `sobel_x` and `prewitt_x` are positive where it grows to the
right, those for `y` where it grows downwards, `laplacian` where a pixel is darker than its
neighbours; `outline` has the other sign and counts the diagonal ones too.
"""
