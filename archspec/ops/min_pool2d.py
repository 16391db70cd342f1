"""2-D min pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.min_pooling import MinPooling


class MinPool2d(MinPooling):
    """Takes the smallest value of each window: max pooling of the negated input, negated.

    Padding counts as infinity.
    """

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [C, H', W'] with H' = "
        "floor((H + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(H / stride) with same"
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 8, 10),)),
        Example({"kernel_size": 3, "stride": 2, "padding": 1}, ((2, "H", "W"),)),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, "H", "W"),)),
        Example({"kernel_size": (3, 2), "stride": 2, "padding": "same"}, ((2, 7, 8),)),
        Example({"kernel_size": 2, "stride": 3, "padding": "same"}, ((2, 7, 8),)),
        Example({"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, ((2, 6, "W"),)),
        Example(
            {"kernel_size": 2, "stride": 3, "dilation": 3, "ceil_mode": True}, ((1, "H", "W"),)
        ),
    )
