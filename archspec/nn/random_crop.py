"""Random crops."""

from __future__ import annotations

import torch
from torch import nn


class RandomCrop(nn.Module):
    """Cuts a random part out of each image while training, and the central one otherwise.

    Args:
        height: The height of the part in pixels.
        width: The width of the part in pixels.
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height = height
        self.width = width

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns `[N, C, height, width]` of images `[N, C, H, W]`.

        Raises:
            ValueError: The images are smaller than the part.
        """
        height, width = input.shape[2:]
        down, right = height - self.height, width - self.width
        if down < 0 or right < 0:
            raise ValueError(
                f"images of {height}×{width} are smaller than the crop, {self.height}×{self.width}"
            )
        if not self.training:
            return self._part(input, down // 2, right // 2)
        tops = torch.randint(down + 1, (len(input),)).tolist()
        lefts = torch.randint(right + 1, (len(input),)).tolist()
        parts = zip(input, tops, lefts, strict=True)
        return torch.stack([self._part(image, top, left) for image, top, left in parts])

    def _part(self, images: torch.Tensor, top: int, left: int) -> torch.Tensor:
        return images[..., top : top + self.height, left : left + self.width]

    def extra_repr(self) -> str:
        """Returns the size for the printed module."""
        return f"height={self.height}, width={self.width}"
