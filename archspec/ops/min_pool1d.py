"""1-D min pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.min_pooling import MinPooling


class MinPool1d(MinPooling):
    """Takes the smallest value of each window: max pooling of the negated input, negated.

    Padding counts as infinity.
    """

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = (
        "[C, L] → [C, L'] with L' = "
        "floor((L + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(L / stride) with same"
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 10),)),
        Example({"kernel_size": 3, "stride": 2, "padding": 1}, ((2, "T"),)),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, "T"),)),
        Example({"kernel_size": 2, "stride": 3, "dilation": 3, "ceil_mode": True}, ((1, "T"),)),
    )
