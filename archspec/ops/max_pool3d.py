"""3-D max pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.max_pooling import MaxPooling


class MaxPool3d(MaxPooling):
    """Takes the largest value of each window, as `torch.nn.MaxPool3d` does.

    Padding counts as minus infinity.
    """

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = (
        "[C, D, H, W] → [C, D', H', W'] with D' = "
        "floor((D + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(D / stride) with same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("MaxPooling3D", "MaxPool3D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 4, 6, 8),)),
        Example({"kernel_size": (1, 3, 2), "stride": 2, "padding": (0, 1, 1)}, ((2, "D", "H", 6),)),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, 4, "H", "W"),)),
        Example(
            {"kernel_size": 2, "stride": 3, "dilation": 3, "ceil_mode": True}, ((1, 9, "H", 8),)
        ),
    )
