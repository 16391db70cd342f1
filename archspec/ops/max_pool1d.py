"""1-D max pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.max_pooling import MaxPooling


class MaxPool1d(MaxPooling):
    """Takes the largest value of each window, as `torch.nn.MaxPool1d` does.

    Padding counts as minus infinity.
    """

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = (
        "[C, L] → [C, L'] with L' = "
        "floor((L + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(L / stride) with same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("MaxPooling1D", "MaxPool1D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 10),)),
        Example({"kernel_size": 3, "stride": 2, "padding": 1}, ((2, "T"),)),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, "T"),)),
        Example({"kernel_size": 2, "stride": 3, "dilation": 3, "ceil_mode": True}, ((1, "T"),)),
    )
