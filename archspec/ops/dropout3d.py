"""Dropout of whole channels of volumes."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.channel_dropout import ChannelDropout


class Dropout3d(ChannelDropout):
    """Zeroes whole channels of volumes at random while training (Tompson et al. 2015)."""

    rank: ClassVar[int] = 4
    layout: ClassVar[str] = "a volume [channels, depth, height, width]"
    shape_rule: ClassVar[str] = "[C, D, H, W] → [C, D, H, W]"
    keras_names: ClassVar[tuple[str, ...]] = ("SpatialDropout3D",)
    examples: ClassVar[tuple[Example, ...]] = (Example({"p": 0.2}, ((2, "D", 4, 5),)),)
