"""Global average pooling of sequences."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.global_pooling import GlobalAvgPooling


class GlobalAvgPool1d(GlobalAvgPooling):
    """Takes the mean of each channel over the whole sequence."""

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = "[C, L] → [C], or [C, 1] with keepdim"
    keras_names: ClassVar[tuple[str, ...]] = ("GlobalAveragePooling1D", "GlobalAvgPool1D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "T"),)),
        Example({"keepdim": True}, ((3, 5),)),
    )
