"""3-D padding with zeros."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.pad import ConstantPad


class ZeroPad3d(ConstantPad):
    """Adds zeros around a volume, or crops it, as `torch.nn.ZeroPad3d` does.

    `[0, 1, 1]` pads height and width only.
    """

    axes: ClassVar[int] = 3
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[C, D, H, W] → the same with before + size + after for each axis"
    keras_names: ClassVar[tuple[str, ...]] = ("ZeroPadding3D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1}, ((2, 3, "H", "W"),)),
        Example({"padding": (0, 1, (2, 0))}, ((2, 3, 4, 5),)),
    )
