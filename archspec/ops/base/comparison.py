"""What measures of two inputs share."""

from collections.abc import Iterable
from typing import ClassVar

from archspec.ir.axes import equal_sizes, resolve_axis
from archspec.ir.constraints import Equality
from archspec.ir.op import Operator
from archspec.ir.types import TensorType


class Comparison(Operator):
    """The base of operators that compare two inputs of equal shape along one axis."""

    input_names: ClassVar[tuple[str, ...]] = ("x1", "x2")

    def axis(self) -> int:
        """Returns the axis that is compared, as torch counts."""
        return -1

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns the equality of all sizes."""
        return equal_sizes(*inputs)

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the inputs' type without the axis."""
        shape = list(inputs[0].shape)
        del shape[resolve_axis(self.axis(), inputs[0])]
        return TensorType(tuple(shape), inputs[0].dtype)
