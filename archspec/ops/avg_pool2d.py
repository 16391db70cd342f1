"""2-D average pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.avg_pooling import AvgPooling


class AvgPool2d(AvgPooling):
    """Takes the mean of each window, as `torch.nn.AvgPool2d` does."""

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [C, H', W'] with H' = "
        "floor((H + 2*padding - kernel_size) / stride) + 1, "
        "or ceil(H / stride) with same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("AveragePooling2D", "AvgPool2D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 8, 10),)),
        Example({"kernel_size": 5, "stride": 3}, ((2, "H", "W"),)),
        Example({"kernel_size": 3, "stride": 1, "padding": 1}, ((2, 5, 7),)),
        Example(
            {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False}, ((2, 5, 7),)
        ),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, "H", "W"),)),
        Example({"kernel_size": (3, 2), "stride": 2, "padding": "same"}, ((2, 7, 8),)),
        Example(
            {"kernel_size": 4, "stride": 1, "padding": "same", "ceil_mode": True}, ((2, "H", 5),)
        ),
        Example({"kernel_size": 2, "stride": 3, "padding": "same"}, ((2, 7, 8),)),
        Example(
            {"kernel_size": 3, "stride": 2, "padding": "valid", "ceil_mode": True}, ((2, 12, "W"),)
        ),
        Example({"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, ((2, "H", "W"),)),
        Example(
            {
                "kernel_size": 3,
                "stride": 2,
                "padding": 1,
                "ceil_mode": True,
                "count_include_pad": False,
            },
            ((2, "H", "W"),),
        ),
        Example(
            {"kernel_size": (4, 3), "stride": 2, "padding": (2, 1), "ceil_mode": True},
            ((2, 9, 12),),
        ),
    )
