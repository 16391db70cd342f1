"""Operators whose output has the shape of their input."""

from typing import ClassVar

from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType


class SameShape(Operator):
    """The base of operators that keep the shape, whatever it is."""

    shape_rule: ClassVar[str] = "any shape → the same shape"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((5,),)),
        Example({}, ((3, "H", "W"),)),
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        return inputs[0]
