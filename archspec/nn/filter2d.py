"""A given filter for pictures."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional


class Filter2d(nn.Module):
    """Correlates each channel of `[N, C, H, W]` with one kernel that is not learnt.

    Args:
        channels: The number of channels.
        kernel: The rows of the kernel.
        padding: What is added on the left, right, top and bottom.
        padding_mode: What is padded with, as `torch.nn.functional.pad` calls it.
    """

    def __init__(
        self,
        channels: int,
        kernel: Sequence[Sequence[float]],
        padding: tuple[int, int, int, int],
        padding_mode: str,
    ) -> None:
        super().__init__()
        weight = torch.tensor(kernel, dtype=torch.float32).repeat(channels, 1, 1, 1)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.padding = padding
        self.padding_mode = padding_mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the filtered pictures."""
        padded = functional.pad(x, self.padding, self.padding_mode)
        return functional.conv2d(padded, self.weight, groups=len(self.weight))
