"""Resizing to the size of another input."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class UpsampleLike(nn.Module):
    """Resizes `[batch, channels, height, width]` to the height and width of another image.

    With `nearest`, row `i` of `h'` comes from row `floor(i * h / h')`, in whole numbers:
    single precision would take a neighbour for some sizes.

    Args:
        mode: `nearest` or `bilinear`.
    """

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def extra_repr(self) -> str:
        """Returns the arguments, as torch prints them."""
        return f"mode={self.mode}"

    def forward(self, input: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns the input at the height and width of the reference."""
        sizes = reference.shape[2:]
        if self.mode != "nearest":
            return functional.interpolate(input, list(sizes), mode=self.mode)
        for axis, size in enumerate(sizes, 2):
            steps = torch.arange(size, device=input.device)
            input = input.index_select(axis, steps * input.shape[axis] // size)  # noqa: A001
        return input
