"""3-D padding by reflection."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.edge_pad import ReflectionPad


class ReflectionPad3d(ReflectionPad):
    """Mirrors a volume at its edges, once each, as `torch.nn.ReflectionPad3d` does."""

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = "[C, D, H, W] → the same with before + size + after for each axis"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1}, ((2, "D", "H", "W"),)),
        Example({"padding": (0, (1, 0), (2, 3))}, ((2, 4, 5, 6),)),
    )
