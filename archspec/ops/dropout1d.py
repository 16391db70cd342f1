"""Dropout of whole channels of sequences."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.channel_dropout import ChannelDropout


class Dropout1d(ChannelDropout):
    """Zeroes whole channels of sequences at random while training (Tompson et al. 2015)."""

    rank: ClassVar[int] = 2
    layout: ClassVar[str] = "a sequence [channels, length]"
    shape_rule: ClassVar[str] = "[C, L] → [C, L]"
    keras_names: ClassVar[tuple[str, ...]] = ("SpatialDropout1D",)
    examples: ClassVar[tuple[Example, ...]] = (Example({"p": 0.2}, ((6, "T"),)),)
