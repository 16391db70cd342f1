"""2-D adaptive max pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.adaptive_pooling import AdaptiveMaxPooling


class AdaptiveMaxPool2d(AdaptiveMaxPooling):
    """Takes the largest value of each of `output_size` windows (`torch.nn.AdaptiveMaxPool2d`).

    Window i of n reaches from floor(i*size/n) to ceil((i + 1)*size/n).
    """

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [C, H', W'] with [H', W'] = output_size; null keeps a size"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("AdaptiveMaxPooling2D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"output_size": (5, 7)}, ((3, 8, 9),)),
        Example({"output_size": 1}, ((3, "H", "W"),)),
        Example({"output_size": 4}, ((2, 8, 12),)),
        Example({"output_size": (None, 1)}, ((2, "H", "W"),)),
        Example({"output_size": (3, None)}, ((2, 7, "W"),)),
        Example({"output_size": 6}, ((2, 6, 6),)),
    )
