"""Random changes of brightness."""

from __future__ import annotations

import torch
from torch import nn


class RandomBrightness(nn.Module):
    """Adds a random number to all values of an image while training.

    Args:
        factor: The range of the number, as fractions of the width of `value_range`.
        value_range: The lowest and the highest value; the result is cut off there.
    """

    def __init__(self, factor: tuple[float, float], value_range: tuple[float, float]) -> None:
        super().__init__()
        self.factor = factor
        self.value_range = value_range

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns the images `[N, C, H, W]`, changed while training."""
        if not self.training:
            return input
        low, high = self.value_range
        factor = input.new_empty(len(input), 1, 1, 1).uniform_(*self.factor)
        return torch.clamp(input + factor * (high - low), low, high)

    def extra_repr(self) -> str:
        """Returns the ranges for the printed module."""
        return f"factor={self.factor}, value_range={self.value_range}"
