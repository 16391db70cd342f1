"""2-D padding by reflection."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.edge_pad import ReflectionPad


class ReflectionPad2d(ReflectionPad):
    """Mirrors an image at its edges, once each, as `torch.nn.ReflectionPad2d` does."""

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = "[C, H, W] → [C, top + H + bottom, left + W + right]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1}, ((3, "H", "W"),)),
        Example({"padding": ((0, 1), (2, 3))}, ((2, 5, 6),)),
    )
