"""3-D median pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.median_pooling import MedianPooling


class MedianPool3d(MedianPooling):
    """Takes the median of each window; with `stride: 1`, a median filter.

    Of an even number of values it is the mean of the middle two, as in NumPy. The edge is
    repeated outwards by `padding`, as in OpenCV's `medianBlur`.
    """

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = (
        "[C, D, H, W] → [C, D', H', W'] with D' = "
        "floor((D + 2*padding - kernel_size) / stride) + 1, "
        "or ceil(D / stride) with same"
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 3, "stride": 1, "padding": "same"}, ((2, 4, "H", "W"),)),
        Example({"kernel_size": 2}, ((3, 4, 5, 6),)),
        Example({"kernel_size": (1, 3, 2), "stride": 2, "padding": (0, 1, 1)}, ((2, "D", "H", 6),)),
    )
