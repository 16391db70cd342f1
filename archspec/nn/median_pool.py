"""Median pooling, which `torch.nn` does not have."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional


class MedianPool(nn.Module):
    """The median of each window, the mean of the middle two where their number is even.

    The edge is repeated outwards, as in OpenCV's `medianBlur`.

    Args:
        kernel_size: The size of a window along each of one, two or three axes.
        stride: The step between two windows along each axis.
        padding: What is added on both sides of each axis; `same` makes `ceil(size / stride)`
            windows, with an odd value at the end.
    """

    def __init__(
        self,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...] | Literal["same"],
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns the median of each window of `[N, C, sizes]`."""
        windows = functional.pad(input, self._amounts(input), mode="replicate")
        for axis, (kernel, stride) in enumerate(zip(self.kernel_size, self.stride, strict=True)):
            windows = windows.unfold(2 + axis, kernel, stride)
        ordered = windows.flatten(start_dim=input.dim()).sort(-1).values
        count = ordered.shape[-1]
        return ordered[..., (count - 1) // 2 : count // 2 + 1].mean(-1)

    def extra_repr(self) -> str:
        """Returns the arguments, as torch prints them."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding!r}"

    def _amounts(self, input: torch.Tensor) -> list[int]:  # noqa: A002
        """Returns the padding of each side, the last axis first."""
        if self.padding != "same":
            return [p for amount in reversed(self.padding) for p in (amount, amount)]
        amounts: list[int] = []
        for size, kernel, stride in zip(
            input.shape[2:], self.kernel_size, self.stride, strict=True
        ):
            total = max(kernel - 1 - (size - 1) % stride, 0)
            amounts = [total // 2, total - total // 2, *amounts]
        return amounts
