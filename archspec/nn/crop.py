"""Cropping around the centre."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class CenterCrop(nn.Module):
    """Cuts `[batch, channels, ...]` to a size around its centre.

    Where the number to cut is odd, one more goes at the end.
    """

    def __init__(self, size: Sequence[int] = ()) -> None:
        super().__init__()
        self.size = tuple(size)

    def forward(self, input: torch.Tensor, reference: torch.Tensor | None = None) -> torch.Tensor:  # noqa: A002
        """Returns the middle of the input, of the fixed size or that of the reference.

        Raises:
            ValueError: The input is smaller.
        """
        sizes = self.size if reference is None else reference.shape[2:]
        for axis, size in enumerate(sizes, 2):
            surplus = input.shape[axis] - size
            if surplus < 0:
                raise ValueError(f"{input.shape[axis]} cannot be cropped to {size}")
            input = input.narrow(axis, surplus // 2, size)  # noqa: A001
        return input
