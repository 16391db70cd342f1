"""Conversion of colours to grey."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class Grayscale(nn.Module):
    """Makes images `[N, 3, H, W]` grey: `[N, num_output_channels, H, W]`.

    Args:
        weights: The shares of red, green and blue.
        num_output_channels: The number of equal channels.
    """

    def __init__(self, weights: Sequence[float], num_output_channels: int = 1) -> None:
        super().__init__()
        self.weights = tuple(weights)
        self.num_output_channels = num_output_channels

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns the grey images."""
        red, green, blue = (
            weight * channel for weight, channel in zip(self.weights, input.unbind(1), strict=True)
        )
        return (red + green + blue).unsqueeze(1).repeat(1, self.num_output_channels, 1, 1)

    def extra_repr(self) -> str:
        """Returns the number of channels for the printed module."""
        return f"num_output_channels={self.num_output_channels}"
