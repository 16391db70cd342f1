"""Images with other channels: grey, red, green and blue, and with opacity."""

from __future__ import annotations

import torch

from archspec.backends.fitted_step import CHANNELS, LUMA, OPAQUE, PLACE
from archspec.ir.types import shape_text
from archspec.training.errors import TrainingError


def recoloured(images: torch.Tensor, mode: str) -> torch.Tensor:
    """Returns images `[count, C, H, W]` with the channels of a colour mode.

    Opacity is left out where it is not wanted; grey becomes equal parts of all colours.

    Raises:
        TrainingError: They are no images.
    """
    if images.ndim != 4 or images.shape[1] not in CHANNELS.values():
        raise TrainingError(
            f"`color_mode` takes images of 1, 3 or 4 channels, but the examples are "
            f"{shape_text(images.shape[1:])}",
            "leave `color_mode` out of train.data.preprocess",
            place=PLACE,
        )
    wanted = CHANNELS[mode]
    if images.shape[1] == wanted:
        return images
    colours = images[:, :3]
    if wanted == 1:
        shares = colours.new_tensor(LUMA).reshape(-1, 1, 1)
        return (colours * shares).sum(1, keepdim=True)
    colours = colours.expand(-1, 3, -1, -1)
    if wanted == 3:
        return colours.contiguous()
    return torch.cat([colours, torch.full_like(colours[:, :1], OPAQUE)], 1)
