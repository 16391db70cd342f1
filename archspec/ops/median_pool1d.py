"""1-D median pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.median_pooling import MedianPooling


class MedianPool1d(MedianPooling):
    """Takes the median of each window; with `stride: 1`, a median filter.

    Of an even number of values it is the mean of the middle two, as in NumPy. The edge is
    repeated outwards by `padding`, as in OpenCV's `medianBlur`.
    """

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = (
        "[C, L] → [C, L'] with L' = "
        "floor((L + 2*padding - kernel_size) / stride) + 1, "
        "or ceil(L / stride) with same"
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 3}, ((3, 9),)),
        Example({"kernel_size": 5, "stride": 1, "padding": "same"}, ((2, "T"),)),
        Example({"kernel_size": 4, "stride": 3, "padding": 2}, ((2, "T"),)),
    )
