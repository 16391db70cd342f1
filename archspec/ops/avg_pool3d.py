"""3-D average pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.avg_pooling import AvgPooling


class AvgPool3d(AvgPooling):
    """Takes the mean of each window, as `torch.nn.AvgPool3d` does."""

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = (
        "[C, D, H, W] → [C, D', H', W'] with D' = "
        "floor((D + 2*padding - kernel_size) / stride) + 1, "
        "or ceil(D / stride) with same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("AveragePooling3D", "AvgPool3D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 4, 8, 9),)),
        Example({"kernel_size": (1, 3, 2), "stride": 2, "padding": (0, 1, 1)}, ((2, "D", "H", 6),)),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, 4, "H", "W"),)),
        Example(
            {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, ((2, 5, "H", 6),)
        ),
        Example(
            {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False},
            ((2, 4, 5, 3),),
        ),
    )
