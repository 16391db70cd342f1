"""Fixed positions of sines and cosines."""

from __future__ import annotations

import torch
from torch import nn


class SinusoidalPositionEmbedding(nn.Module):
    """Adds to feature `2i` of position `p` the sine, to `2i + 1` the cosine of `p * w_i`.

    The frequency `w_i` is `max_period ** (-2i / features)`.
    """

    def __init__(self, max_period: float = 10_000.0) -> None:
        super().__init__()
        self.max_period = max_period

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns `[batch, T, features]` with the positions added."""
        _, length, features = input.shape
        # In double precision: late positions multiply what rounding takes from a frequency.
        frequencies = [self.max_period ** (-even / features) for even in range(0, features, 2)]
        steps = torch.arange(length, device=input.device, dtype=input.dtype)
        angles = steps[:, None] * input.new_tensor(frequencies)
        table = torch.stack((angles.sin(), angles.cos()), -1).flatten(1)[:, :features]
        return input + table
