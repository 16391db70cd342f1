"""Random rotations, zooms, shears and translations of images.

Coordinates are those of `torch.nn.functional.affine_grid` with `align_corners=False`: an
image spans -1 to 1 in both directions, x to the right and y down.
"""

from __future__ import annotations

import math
from typing import TypedDict, Unpack

import torch
from torch import nn
from torch.nn import functional

Limits = tuple[float, float]

_PADDING = {"reflect": "reflection", "wrap": "border", "constant": "zeros", "nearest": "border"}
"""Torch's names for what is beyond the edges."""


class Filling(TypedDict, total=False):
    """What moved images are filled with.

    Attributes:
        fill_mode: What is beyond the edges: `reflect`, `wrap`, `constant` or `nearest`.
        fill_value: The value for `constant`.
        interpolation: `bilinear` or `nearest`.
    """

    fill_mode: str
    fill_value: float
    interpolation: str


class _RandomAffine(nn.Module):
    """Moves each image of `[N, C, H, W]` by its own random matrix while training."""

    def __init__(
        self,
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        interpolation: str = "bilinear",
    ) -> None:
        super().__init__()
        self.fill_mode = fill_mode
        self.fill_value = fill_value if fill_mode == "constant" else 0.0
        self.interpolation = interpolation

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns the images, moved while training."""
        if not self.training:
            return input
        grid = functional.affine_grid(self._matrices(input), list(input.shape), align_corners=False)
        return self._sample(input, grid)

    def _matrices(self, images: torch.Tensor) -> torch.Tensor:
        """Returns `[N, 2, 3]`: where in the image each place of the result is read."""
        raise NotImplementedError

    def _sample(self, images: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
        if self.fill_mode == "wrap":
            height, width = images.shape[-2:]
            # With a rim of one pixel, what lies across an edge is interpolated too.
            images = functional.pad(images, (1, 1, 1, 1), mode="circular")
            shrink = grid.new_tensor([width / (width + 2), height / (height + 2)])
            grid = (torch.remainder(grid + 1, 2) - 1) * shrink
        sampled = functional.grid_sample(
            images - self.fill_value,
            grid,
            mode=self.interpolation,
            padding_mode=_PADDING[self.fill_mode],
            align_corners=False,
        )
        return sampled + self.fill_value


class RandomRotation(_RandomAffine):
    """Rotates images about their centre.

    Args:
        factor: The range of angles in turns, positive ones anticlockwise.
        **filling: See `Filling`.
    """

    def __init__(self, factor: Limits, **filling: Unpack[Filling]) -> None:
        super().__init__(**filling)
        self.factor = factor

    def _matrices(self, images: torch.Tensor) -> torch.Tensor:
        height, width = images.shape[-2:]
        angle = 2 * math.pi * _draw(self.factor, images)
        cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
        return _rows((cos, -sin * height / width, zero), (sin * width / height, cos, zero))


class RandomZoom(_RandomAffine):
    """Zooms images about their centre.

    Args:
        height_factor: The range of changes of the visible height, as fractions.
        width_factor: The same for the width; `None` keeps the proportions.
        **filling: See `Filling`.
    """

    def __init__(
        self, height_factor: Limits, width_factor: Limits | None = None, **filling: Unpack[Filling]
    ) -> None:
        super().__init__(**filling)
        self.height_factor = height_factor
        self.width_factor = width_factor

    def _matrices(self, images: torch.Tensor) -> torch.Tensor:
        height = 1 + _draw(self.height_factor, images)
        width = height if self.width_factor is None else 1 + _draw(self.width_factor, images)
        zero = torch.zeros_like(height)
        return _rows((width, zero, zero), (zero, height, zero))


class RandomShear(_RandomAffine):
    """Shears images about their centre.

    Args:
        x_factor: The range of shifts of a row to the left, as multiples of how far it is below
            the centre.
        y_factor: The range of shifts of a column upwards, as multiples of how far it is to the
            right of the centre.
        **filling: See `Filling`.
    """

    def __init__(self, x_factor: Limits, y_factor: Limits, **filling: Unpack[Filling]) -> None:
        super().__init__(**filling)
        self.x_factor = x_factor
        self.y_factor = y_factor

    def _matrices(self, images: torch.Tensor) -> torch.Tensor:
        height, width = images.shape[-2:]
        x, y = _draw(self.x_factor, images), _draw(self.y_factor, images)
        one, zero = torch.ones_like(x), torch.zeros_like(x)
        return _rows((one, x * height / width, zero), (y * width / height, one, zero))


class RandomTranslation(_RandomAffine):
    """Shifts images.

    Args:
        height_factor: The range of shifts as fractions of the height, positive ones down.
        width_factor: The range of shifts as fractions of the width, positive ones to the right.
        **filling: See `Filling`.
    """

    def __init__(
        self, height_factor: Limits, width_factor: Limits, **filling: Unpack[Filling]
    ) -> None:
        super().__init__(**filling)
        self.height_factor = height_factor
        self.width_factor = width_factor

    def _matrices(self, images: torch.Tensor) -> torch.Tensor:
        down, right = _draw(self.height_factor, images), _draw(self.width_factor, images)
        one, zero = torch.ones_like(down), torch.zeros_like(down)
        return _rows((one, zero, -2 * right), (zero, one, -2 * down))


def _draw(limits: Limits, images: torch.Tensor) -> torch.Tensor:
    """Returns a random number between the limits for each image."""
    return images.new_empty(len(images)).uniform_(*limits)


def _rows(*rows: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Returns the matrices `[N, rows, columns]` of elements `[N]`."""
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)
