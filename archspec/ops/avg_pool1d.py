"""1-D average pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.avg_pooling import AvgPooling


class AvgPool1d(AvgPooling):
    """Takes the mean of each window, as `torch.nn.AvgPool1d` does."""

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = (
        "[C, L] → [C, L'] with L' = "
        "floor((L + 2*padding - kernel_size) / stride) + 1, "
        "or ceil(L / stride) with same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("AveragePooling1D", "AvgPool1D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 10),)),
        Example({"kernel_size": 5, "stride": 3, "padding": 2}, ((2, "T"),)),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, "T"),)),
        Example({"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, ((2, "T"),)),
        Example(
            {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False}, ((2, 7),)
        ),
    )
