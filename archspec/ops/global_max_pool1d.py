"""Global max pooling of sequences."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.global_max_pooling import GlobalMaxPooling


class GlobalMaxPool1d(GlobalMaxPooling):
    """Takes the largest value of each channel over the whole sequence."""

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = "[C, L] → [C], or [C, 1] with keepdim"
    keras_names: ClassVar[tuple[str, ...]] = ("GlobalMaxPooling1D", "GlobalMaxPool1D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "T"),)),
        Example({"keepdim": True}, ((3, 5),)),
    )
