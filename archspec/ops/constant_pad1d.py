"""1-D padding with a number."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.constant_pad import FilledPad


class ConstantPad1d(FilledPad):
    """Adds a number around a sequence, or crops it, as `torch.nn.ConstantPad1d` does."""

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = "[C, L] → [C, before + L + after]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1, "value": 0.5}, ((3, "L"),)),
        Example({"padding": ((2, -1),), "value": -2.0}, ((2, 6),)),
    )
