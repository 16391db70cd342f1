"""3-D padding with a number."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.constant_pad import FilledPad


class ConstantPad3d(FilledPad):
    """Adds a number around a volume, or crops it, as `torch.nn.ConstantPad3d` does."""

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = "[C, D, H, W] → the same with before + size + after for each axis"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1, "value": 0.5}, ((2, "D", "H", "W"),)),
        Example({"padding": (0, (1, 0), (2, -1)), "value": -2.0}, ((2, 4, 5, 6),)),
    )
