"""Global max pooling of volumes."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.global_max_pooling import GlobalMaxPooling


class GlobalMaxPool3d(GlobalMaxPooling):
    """Takes the largest value of each channel over the whole volume."""

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = "[C, D, H, W] → [C], or [C, 1, 1, 1] with keepdim"
    keras_names: ClassVar[tuple[str, ...]] = ("GlobalMaxPooling3D", "GlobalMaxPool3D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "D", "H", "W"),)),
        Example({"keepdim": True}, ((3, 5, 4, 2),)),
    )
