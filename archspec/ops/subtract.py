"""Subtraction of one branch from another."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.merge import Merge


class Subtract(Merge):
    """Subtracts `other` from `input`, value by value, as `torch.sub` does."""

    variadic: ClassVar[bool] = False
    input_names: ClassVar[tuple[str, ...]] = ("input", "other")
    keras_names: ClassVar[tuple[str, ...]] = ("Subtract",)
    shape_rule: ClassVar[str] = "[*], [*] → [*]; a size of 1 stretches: [C, 1, 1] to [C, H, W]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"), (3, "H", "W"))),
        Example({}, ((3, "H", "W"), (3, 1, 1))),
        Example({}, ((5,), (5,))),
    )
    torch_name: ClassVar[str] = "torch.sub"
    onnx_name: ClassVar[str] = "Sub"
