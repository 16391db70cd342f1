"""2-D median pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.median_pooling import MedianPooling


class MedianPool2d(MedianPooling):
    """Takes the median of each window; with `stride: 1`, a median filter.

    Of an even number of values it is the mean of the middle two, as in NumPy. The edge is
    repeated outwards by `padding`, as in OpenCV's `medianBlur`.
    """

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [C, H', W'] with H' = "
        "floor((H + 2*padding - kernel_size) / stride) + 1, "
        "or ceil(H / stride) with same"
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 3, "stride": 1, "padding": "same"}, ((3, "H", "W"),)),
        Example({"kernel_size": 2}, ((3, 8, 9),)),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, "H", "W"),)),
        Example({"kernel_size": (3, 4), "stride": (2, 1), "padding": (1, 2)}, ((2, "H", 7),)),
        Example({"kernel_size": 2, "stride": 3, "padding": "same"}, ((2, 7, 8),)),
    )
