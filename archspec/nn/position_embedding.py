"""Learnt positions."""

from __future__ import annotations

import torch
from torch import nn


class PositionEmbedding(nn.Module):
    """Adds a learnt vector to each position of `[batch, T, features]`."""

    def __init__(self, max_length: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(max_length, features))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns the input with the vectors of its positions added.

        Raises:
            ValueError: The sequence is longer than there are positions.
        """
        length, longest = input.shape[1], len(self.weight)
        if length > longest:
            raise ValueError(f"a sequence of {length} is longer than max_length: {longest}")
        return input + self.weight[:length]
