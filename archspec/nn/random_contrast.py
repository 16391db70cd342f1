"""Random changes of contrast."""

from __future__ import annotations

import torch
from torch import nn


class RandomContrast(nn.Module):
    """Multiplies what differs from the mean of each channel by a random number while training.

    Args:
        contrast: The range of the number, which is the same for all channels of an image.
        value_range: The lowest and the highest value; the result is cut off there.
    """

    def __init__(self, contrast: tuple[float, float], value_range: tuple[float, float]) -> None:
        super().__init__()
        self.contrast = contrast
        self.value_range = value_range

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns the images `[N, C, H, W]`, changed while training."""
        if not self.training:
            return input
        contrast = input.new_empty(len(input), 1, 1, 1).uniform_(*self.contrast)
        mean = input.mean(dim=(2, 3), keepdim=True)
        return torch.clamp((input - mean) * contrast + mean, *self.value_range)

    def extra_repr(self) -> str:
        """Returns the ranges for the printed module."""
        return f"contrast={self.contrast}, value_range={self.value_range}"
