"""Global average pooling of images."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.global_pooling import GlobalAvgPooling


class GlobalAvgPool2d(GlobalAvgPooling):
    """Takes the mean of each channel over the whole image (Lin et al. 2013)."""

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = "[C, H, W] → [C], or [C, 1, 1] with keepdim"
    keras_names: ClassVar[tuple[str, ...]] = ("GlobalAveragePooling2D", "GlobalAvgPool2D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"),)),
        Example({"keepdim": True}, ((3, 5, 4),)),
    )
