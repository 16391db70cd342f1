"""Stochastic depth."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class DropPath(nn.Module):
    """Zeroes whole examples of `[N, ...]` while training, and divides the others by `1 - p`.

    Args:
        p: The probability that an example is zeroed.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns the input, with some examples zeroed while training."""
        if not self.training:
            return input
        ones = input.new_ones(len(input), *(1,) * (input.ndim - 1))
        return input * functional.dropout(ones, self.p)

    def extra_repr(self) -> str:
        """Returns the probability for the printed module."""
        return f"p={self.p}"
