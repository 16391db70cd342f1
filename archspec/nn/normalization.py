"""Normalisation with given statistics."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class Normalization(nn.Module):
    """Computes `(x - mean) / std` of `[N, C, ...]`; it owns no tensors.

    Args:
        mean: The mean of each channel, or one for all.
        std: The standard deviation of each channel, or one for all.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.mean = tuple(mean)
        self.std = tuple(std)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns the normalised input."""
        shape = (-1, *(1,) * (input.ndim - 2))
        mean, std = (input.new_tensor(values).view(shape) for values in (self.mean, self.std))
        return (input - mean) / std

    def extra_repr(self) -> str:
        """Returns the statistics for the printed module."""
        return f"mean={self.mean}, std={self.std}"
