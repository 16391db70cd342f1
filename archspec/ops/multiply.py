"""Multiplication of branches, such as features by their gate."""

from typing import ClassVar

from archspec.ir.interval import ANY, NON_NEGATIVE, Interval
from archspec.ir.op import Example
from archspec.ops.base.merge import Merge


class Multiply(Merge):
    """Multiplies its inputs, value by value."""

    keras_names: ClassVar[tuple[str, ...]] = ("Multiply",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"), (3, "H", "W"))),
        Example({}, ((3, 1, 1), (3, "H", "W"))),
        Example({}, ((5,), (5,), (5,), (1,))),
    )
    torch_name: ClassVar[str] = "torch.mul"
    onnx_name: ClassVar[str] = "Mul"

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns where products are: not below 0 if no factor is."""
        signed = any(values.low < 0 for values in inputs)
        return ANY if signed else NON_NEGATIVE
