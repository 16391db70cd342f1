"""Random flips."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class RandomFlip(nn.Module):
    """Flips half of the examples of `[N, ...]` while training, along each axis independently.

    Args:
        dims: The axes.
    """

    def __init__(self, dims: Sequence[int]) -> None:
        super().__init__()
        self.dims = tuple(dims)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns the input, with some examples flipped while training."""
        if not self.training:
            return input
        output = input
        for dim in self.dims:
            chance = torch.rand(len(input), *(1,) * (input.ndim - 1), device=input.device)
            output = torch.where(chance < 0.5, output.flip(dim), output)
        return output

    def extra_repr(self) -> str:
        """Returns the axes for the printed module."""
        return f"dims={self.dims}"
