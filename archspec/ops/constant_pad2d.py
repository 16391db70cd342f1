"""2-D padding with a number."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.constant_pad import FilledPad


class ConstantPad2d(FilledPad):
    """Adds a number around an image, or crops it, as `torch.nn.ConstantPad2d` does."""

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = "[C, H, W] → [C, top + H + bottom, left + W + right]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1, "value": 0.5}, ((3, "H", "W"),)),
        Example({"padding": ((0, 1), (2, -1)), "value": -2.0}, ((2, 5, 6),)),
    )
