"""Convolutions with TensorFlow's `same` padding, which depends on the input's size."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class SameConv1d(nn.Conv1d):
    """`torch.nn.Conv1d` over `[N, C, L]` that makes `ceil(L / stride)` windows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the convolution of the padded input."""
        return super().forward(_padded(x, self))


class SameConv2d(nn.Conv2d):
    """`torch.nn.Conv2d` over `[N, C, H, W]` that makes `ceil(size / stride)` windows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the convolution of the padded input."""
        return super().forward(_padded(x, self))


class SameConv3d(nn.Conv3d):
    """`torch.nn.Conv3d` over `[N, C, D, H, W]` that makes `ceil(size / stride)` windows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the convolution of the padded input."""
        return super().forward(_padded(x, self))


def _padded(x: torch.Tensor, conv: nn.Conv1d | nn.Conv2d | nn.Conv3d) -> torch.Tensor:
    """Returns the input with zeros on each side; an odd zero is at the end."""
    amounts: list[int] = []
    axes = zip(x.shape[2:], conv.kernel_size, conv.stride, conv.dilation, strict=True)
    for size, kernel, stride, dilation in axes:
        last = (size - 1) // stride * stride + dilation * (kernel - 1)
        total = max(last + 1 - size, 0)
        # The last axis comes first.
        amounts = [total // 2, total - total // 2, *amounts]
    return functional.pad(x, amounts)
