"""Gaussian noise."""

from __future__ import annotations

import torch
from torch import nn


class GaussianNoise(nn.Module):
    """Adds normally distributed noise to each value while training.

    Args:
        stddev: The standard deviation of the noise.
    """

    def __init__(self, stddev: float) -> None:
        super().__init__()
        self.stddev = stddev

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns the input, with noise while training."""
        return input + self.stddev * torch.randn_like(input) if self.training else input

    def extra_repr(self) -> str:
        """Returns the standard deviation for the printed module."""
        return f"stddev={self.stddev}"
