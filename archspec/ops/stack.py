"""Stacking of branches along a new axis."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.axes import equal_sizes
from archspec.ir.constraints import Equality
from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType
from archspec.ops.base.axis import new_axis, one_dtype


class Stack(Operator):
    """Joins inputs of equal shape along a new axis, as `torch.stack` does."""

    moves: ClassVar[bool] = True
    variadic: ClassVar[bool] = True
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "N times [*] → [*] with N at dim"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"), (3, "H", "W"))),
        Example({"dim": -1}, ((4,), (4,), (4,))),
        Example({"dim": 2}, (("T",), ("T",)), "int64"),
    )

    dim: int = Field(
        default=1, description="the new axis, as in torch: 0 is the batch, -1 becomes the last"
    )

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns the equality of all sizes."""
        return equal_sizes(*inputs)

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the inputs' type with the number of inputs at `dim`."""
        shape = list(inputs[0].shape)
        shape.insert(new_axis(self.dim, inputs[0]), len(inputs))
        return TensorType(tuple(shape), one_dtype(*inputs))

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.stack`."""
        tensors = tuple(Input(i) for i in range(len(inputs)))
        return TorchFunction("torch.stack", (tensors,), {"dim": self.dim})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Unsqueeze` of each input and `Concat`."""
        axes = Constant([self.dim], "int64")
        layers = [Local(f"layer_{i}") for i in range(len(inputs))]
        return [
            *(
                OnnxNode("Unsqueeze", [Input(i), axes], {}, [layer])
                for i, layer in enumerate(layers)
            ),
            OnnxNode("Concat", layers, {"axis": self.dim}),
        ]
