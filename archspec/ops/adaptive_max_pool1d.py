"""1-D adaptive max pooling."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.adaptive_pooling import AdaptiveMaxPooling


class AdaptiveMaxPool1d(AdaptiveMaxPooling):
    """Takes the largest value of each of `output_size` windows (`torch.nn.AdaptiveMaxPool1d`).

    Window i of n reaches from floor(i*size/n) to ceil((i + 1)*size/n).
    """

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = "[C, L] → [C, L'] with [L'] = output_size"
    keras_names: ClassVar[tuple[str, ...]] = ("AdaptiveMaxPooling1D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"output_size": 4}, ((3, 10),)),
        Example({"output_size": 1}, ((3, "T"),)),
        Example({"output_size": 5}, ((2, 10),)),
        Example({"output_size": 9}, ((2, 4),)),
    )
