"""1-D padding by reflection."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.edge_pad import ReflectionPad


class ReflectionPad1d(ReflectionPad):
    """Mirrors a sequence at its edges, once each, as `torch.nn.ReflectionPad1d` does."""

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = "[C, L] → [C, before + L + after]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1}, ((3, "L"),)),
        Example({"padding": ((2, 3),)}, ((2, 6),)),
    )
