"""3-D adaptive max pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.adaptive_pooling import AdaptiveMaxPooling


class AdaptiveMaxPool3d(AdaptiveMaxPooling):
    """Takes the largest value of each of `output_size` windows (`torch.nn.AdaptiveMaxPool3d`).

    Window i of n reaches from floor(i*size/n) to ceil((i + 1)*size/n).
    """

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = (
        "[C, D, H, W] → [C, D', H', W'] with [D', H', W'] = output_size; null keeps a size"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("AdaptiveMaxPooling3D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"output_size": (2, 5, 7)}, ((3, 4, 8, 9),)),
        Example({"output_size": 1}, ((3, "D", "H", "W"),)),
        Example({"output_size": (None, 3, 1)}, ((2, "D", 7, "W"),)),
        Example({"output_size": 2}, ((2, 4, 2, 6),)),
    )
