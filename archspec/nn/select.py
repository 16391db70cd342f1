"""Selection of channels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class Select(nn.Module):
    """Takes some of the channels of `[batch, channels, ...]`, in the order given."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.channels = list(channels)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns `[batch, len(channels), ...]`."""
        return input[:, self.channels]
