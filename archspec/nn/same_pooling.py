"""Pooling with TensorFlow's `same` padding, which depends on the input's size."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional


class _SamePool(nn.Module):
    """The base of modules that make `ceil(size / stride)` windows along each axis.

    Args:
        kernel_size: The size of a window along each of one, two or three axes.
        stride: The step between two windows along each axis.
    """

    def __init__(self, kernel_size: tuple[int, ...], stride: tuple[int, ...]) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride

    def extra_repr(self) -> str:
        """Returns the arguments, as torch prints them."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}"

    def _pool(self, kind: str, input: torch.Tensor, value: float) -> torch.Tensor:  # noqa: A002
        """Returns `max` or `avg` pooling of `[N, C, sizes]`, padded with `value`."""
        amounts: list[int] = []
        for size, kernel, stride in zip(
            input.shape[2:], self.kernel_size, self.stride, strict=True
        ):
            total = max(kernel - 1 - (size - 1) % stride, 0)
            # The last axis comes first, and an odd value at the end.
            amounts = [total // 2, total - total // 2, *amounts]
        padded = functional.pad(input, amounts, value=value)
        pool = getattr(functional, f"{kind}_pool{len(self.kernel_size)}d")
        made: torch.Tensor = pool(padded, self.kernel_size, self.stride)
        return made


class SameMaxPool(_SamePool):
    """Max pooling that pads with minus infinity."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns the largest value of each window of `[N, C, sizes]`."""
        return self._pool("max", input, -math.inf)


class SameMinPool(_SamePool):
    """Min pooling that pads with infinity."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns the smallest value of each window of `[N, C, sizes]`."""
        return -self._pool("max", -input, -math.inf)


class SameAvgPool(_SamePool):
    """Average pooling that leaves padding out of the mean."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns the mean of each window of `[N, C, sizes]`."""
        inside = torch.ones_like(input[:1, :1])
        return self._pool("avg", input, 0.0) / self._pool("avg", inside, 0.0)
