"""Random changes of values: brightness, channel shift, and what is cut out."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def brightened(images: torch.Tensor, factors: Sequence[float], white: float) -> torch.Tensor:
    """Returns images `[count, C, H, W]` times a random factor, cut off at black and white.

    Args:
        images: The images; black is 0.
        factors: The lower and the upper limit of the factors.
        white: The largest value of the result.
    """
    lower, upper = factors
    factor = images.new_empty(len(images), 1, 1, 1).uniform_(lower, upper)
    return (images * factor).clamp(0, white)


def shifted(images: torch.Tensor, most: float) -> torch.Tensor:
    """Returns images with a random amount added to all channels, as Keras does.

    The result is cut off at the smallest and the largest value of the image itself.

    Args:
        images: The images `[count, C, H, W]`.
        most: The largest amount, in either direction.
    """
    amount = images.new_empty(len(images), 1, 1, 1).uniform_(-most, most)
    lowest, highest = (reduced((1, 2, 3), keepdim=True) for reduced in (images.amin, images.amax))
    return torch.clamp(images + amount, lowest, highest)


def cut_out(images: torch.Tensor, side: int) -> torch.Tensor:
    """Returns images with a square of zeros about a random pixel (DeVries and Taylor 2017).

    Part of the square may be outside of the image, as in the paper.

    Args:
        images: The images `[count, C, H, W]`.
        side: The side of the square in pixels.
    """
    count, _, height, width = images.shape
    centre = torch.rand(2, count, 1, device=images.device) * images.new_tensor(
        [height, width]
    ).reshape(2, 1, 1)
    first = centre.floor() - side // 2
    covered = [
        (places >= start) & (places < start + side)
        for places, start in zip(
            (torch.arange(n, device=images.device) for n in (height, width)), first, strict=True
        )
    ]
    square = covered[0].unsqueeze(2) & covered[1].unsqueeze(1)
    return images.masked_fill(square.unsqueeze(1), 0)
