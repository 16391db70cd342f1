"""Concatenation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.axes import equal_sizes, resolve_axis
from archspec.ir.constraints import Equality
from archspec.ir.lowering import Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType
from archspec.ops.base.axis import one_dtype


class Concat(Operator):
    """Joins its inputs along one axis, the channels by default, as `torch.cat` does."""

    moves: ClassVar[bool] = True
    variadic: ClassVar[bool] = True
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[C1, *], [C2, *], … → [C1 + C2 + …, *]"
    keras_names: ClassVar[tuple[str, ...]] = ("Concatenate",)
    keras_fields: ClassVar[Mapping[str, str]] = {"axis": "dim"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"), (2, "H", "W"))),
        Example({}, ((3,), (4,), (5,))),
        Example({"dim": -1}, ((3, 4, 5), (3, 4, 2))),
        Example({}, (("T",), ("S",)), "int64"),
    )

    dim: int = Field(default=1, description="the axis, as in torch: 0 is the batch, 1 the channels")

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns the equality of all sizes but those along `dim`."""
        return equal_sizes(*inputs, but=resolve_axis(self.dim, inputs[0]))

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the inputs' type, with the sizes along `dim` added up."""
        shape = list(inputs[0].shape)
        dim = resolve_axis(self.dim, inputs[0])
        for other in inputs[1:]:
            shape[dim] = shape[dim] + other.shape[dim]
        return TensorType(tuple(shape), one_dtype(*inputs))

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.cat`."""
        tensors = tuple(Input(i) for i in range(len(inputs)))
        return TorchFunction("torch.cat", (tensors,), {"dim": self.dim})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Concat`."""
        return [OnnxNode("Concat", [Input(i) for i in range(len(inputs))], {"axis": self.dim})]
