"""2-D padding with zeros."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.pad import ConstantPad


class ZeroPad2d(ConstantPad):
    """Adds zeros around an image, or crops it, as `torch.nn.ZeroPad2d` does.

    `[1, 2]` is one row above and below and two columns left and right;
    `[[0, 1], [0, 1]]` is one row below and one column right, as TensorFlow pads a stride of 2.
    """

    axes: ClassVar[int] = 2
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[C, H, W] → [C, top + H + bottom, left + W + right]"
    keras_names: ClassVar[tuple[str, ...]] = ("ZeroPadding2D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1}, ((3, "H", "W"),)),
        Example({"padding": (2, 1)}, ((2, 5, 6),)),
        Example({"padding": ((0, 1), (2, -1))}, ((2, "H", 6),), "int64"),
    )
