"""2-D max pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.max_pooling import MaxPooling


class MaxPool2d(MaxPooling):
    """Takes the largest value of each window, as `torch.nn.MaxPool2d` does.

    Padding counts as minus infinity.
    """

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [C, H', W'] with H' = "
        "floor((H + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(H / stride) with same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("MaxPooling2D", "MaxPool2D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 8, 10),)),
        Example({"kernel_size": 3, "stride": 2, "padding": 1}, ((2, "H", "W"),)),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, "H", "W"),)),
        Example({"kernel_size": (3, 2), "stride": 2, "padding": "same"}, ((2, 7, 8),)),
        Example(
            {"kernel_size": 4, "stride": 1, "padding": "same", "ceil_mode": True}, ((2, "H", 5),)
        ),
        Example({"kernel_size": 1, "stride": 2, "padding": "same"}, ((2, "H", "W"),)),
        Example({"kernel_size": 2, "stride": 3, "padding": "same"}, ((2, 7, 8),)),
        Example(
            {"kernel_size": 3, "stride": 2, "padding": "valid", "ceil_mode": True}, ((2, 12, "W"),)
        ),
        Example({"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, ((2, 6, "W"),)),
        Example({"kernel_size": (3, 2), "stride": (1, 2), "dilation": (2, 1)}, ((1, 9, 8),)),
        Example(
            {"kernel_size": 2, "stride": 3, "dilation": 3, "ceil_mode": True}, ((1, "H", "W"),)
        ),
    )
