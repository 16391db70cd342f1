"""Dropout of whole channels of images."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.channel_dropout import ChannelDropout


class Dropout2d(ChannelDropout):
    """Zeroes whole channels of images at random while training (Tompson et al. 2015)."""

    rank: ClassVar[int] = 3
    layout: ClassVar[str] = "an image [channels, height, width]"
    shape_rule: ClassVar[str] = "[C, H, W] → [C, H, W]"
    keras_names: ClassVar[tuple[str, ...]] = ("SpatialDropout2D",)
    examples: ClassVar[tuple[Example, ...]] = (Example({"p": 0.2}, ((3, "H", "W"),)),)
