"""Global max pooling of images."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.global_max_pooling import GlobalMaxPooling


class GlobalMaxPool2d(GlobalMaxPooling):
    """Takes the largest value of each channel over the whole image."""

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = "[C, H, W] → [C], or [C, 1, 1] with keepdim"
    keras_names: ClassVar[tuple[str, ...]] = ("GlobalMaxPooling2D", "GlobalMaxPool2D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"),)),
        Example({"keepdim": True}, ((3, 5, 4),)),
    )
