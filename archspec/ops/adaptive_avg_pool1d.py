"""1-D adaptive average pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.adaptive_pooling import AdaptiveAvgPooling


class AdaptiveAvgPool1d(AdaptiveAvgPooling):
    """Takes the mean of each of `output_size` windows (`torch.nn.AdaptiveAvgPool1d`).

    Window i of n reaches from floor(i*size/n) to ceil((i + 1)*size/n).
    """

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = "[C, L] → [C, L'] with [L'] = output_size"
    keras_names: ClassVar[tuple[str, ...]] = ("AdaptiveAveragePooling1D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"output_size": 4}, ((3, 10),)),
        Example({"output_size": 1}, ((3, "T"),)),
        Example({"output_size": 5}, ((2, 10),)),
        Example({"output_size": 9}, ((2, 4),)),
    )
