"""Transposed convolutions with TensorFlow's `same` padding, which can crop more at the end."""

from __future__ import annotations

import torch
from torch import nn


class SameConvTranspose1d(nn.ConvTranspose1d):
    """`torch.nn.ConvTranspose1d` over `[N, C, L]` that makes `L * stride` values."""

    def forward(self, x: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        """Returns the transposed convolution without what is beyond that size."""
        return _cropped(super().forward(x, output_size), x, self.stride)


class SameConvTranspose2d(nn.ConvTranspose2d):
    """`torch.nn.ConvTranspose2d` over `[N, C, H, W]` that makes `size * stride` values."""

    def forward(self, x: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        """Returns the transposed convolution without what is beyond that size."""
        return _cropped(super().forward(x, output_size), x, self.stride)


class SameConvTranspose3d(nn.ConvTranspose3d):
    """`torch.nn.ConvTranspose3d` over `[N, C, D, H, W]` that makes `size * stride` values."""

    def forward(self, x: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        """Returns the transposed convolution without what is beyond that size."""
        return _cropped(super().forward(x, output_size), x, self.stride)


def _cropped(made: torch.Tensor, x: torch.Tensor, strides: tuple[int, ...]) -> torch.Tensor:
    for axis, stride in enumerate(strides, 2):
        made = made.narrow(axis, 0, x.shape[axis] * stride)
    return made
