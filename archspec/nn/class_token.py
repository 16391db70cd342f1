"""A learnt token before a sequence."""

from __future__ import annotations

import torch
from torch import nn


class ClassToken(nn.Module):
    """Puts a learnt vector before `[batch, T, features]`."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, features))

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns `[batch, 1 + T, features]`."""
        return torch.cat((self.token.expand(len(input), -1, -1), input), 1)
