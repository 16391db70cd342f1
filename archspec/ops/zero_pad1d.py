"""1-D padding with zeros."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.pad import ConstantPad


class ZeroPad1d(ConstantPad):
    """Adds zeros around a sequence, or crops it, as `torch.nn.ZeroPad1d` does.

    An amount is added to both ends; `[[3, 0]]` adds three zeros at the beginning only.
    """

    axes: ClassVar[int] = 1
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[C, L] → [C, before + L + after]"
    keras_names: ClassVar[tuple[str, ...]] = ("ZeroPadding1D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1}, ((3, "T"),)),
        Example({"padding": ((3, 0),)}, ((2, 5),)),
        Example({"padding": ((-1, 2),)}, ((2, 5),)),
    )
