"""1-D padding by repetition of the edges."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.edge_pad import ReplicationPad


class ReplicationPad1d(ReplicationPad):
    """Repeats the edges of a sequence around it, as `torch.nn.ReplicationPad1d` does."""

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = "[C, L] → [C, before + L + after]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1}, ((3, "L"),)),
        Example({"padding": ((2, 3),)}, ((2, 6),)),
    )
