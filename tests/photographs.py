"""Small real pictures, cut from the two photographs that come with scikit-learn."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image


@lru_cache
def _photograph(name: str) -> np.ndarray:
    made: np.ndarray = load_sample_image(f"{name}.jpg")
    return made


def cut(name: str, at: int, height: int = 32, width: int = 32) -> np.ndarray:
    """Returns a piece `[height, width, 3]` of `china` or `flower`, another one for each number."""
    photograph = _photograph(name)
    row = 37 * at % (photograph.shape[0] - height)
    column = 61 * at % (photograph.shape[1] - width)
    return photograph[row : row + height, column : column + width]


def picture(name: str, at: int, height: int = 32, width: int = 32) -> Image.Image:
    """Returns such a piece as a picture."""
    return Image.fromarray(cut(name, at, height, width))
