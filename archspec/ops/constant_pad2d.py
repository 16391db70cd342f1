"""2-D padding with a number."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.op import Example, Number
from archspec.ops.base.pad import ConstantPad


class ConstantPad2d(ConstantPad):
    """Adds a number around an image, or crops it, as `torch.nn.ConstantPad2d` does."""

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = "[C, H, W] → [C, top + H + bottom, left + W + right]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1, "value": 0.5}, ((3, "H", "W"),)),
        Example({"padding": ((0, 1), (2, -1)), "value": -2.0}, ((2, 5, 6),)),
    )

    value: Number = Field(description="the number that is added")

    def fill(self) -> float:
        """Returns the number."""
        return self.value
