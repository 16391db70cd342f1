"""Flattening to a vector."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.axes import resolve_axis
from archspec.ir.dim import product
from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator, OperatorError
from archspec.ir.types import TensorType


class Flatten(Operator):
    """Lays axes out as one, the last fastest, as `torch.nn.Flatten` does: by default all."""

    passes: ClassVar[bool] = True
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[*] → [product of the sizes from start_dim to end_dim]"
    keras_names: ClassVar[tuple[str, ...]] = ("Flatten",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, 4, 5),)),
        Example({}, ((3, "H", "W"),)),
        Example({}, ((7,),), "int64"),
        Example({"start_dim": 2}, ((3, "H", "W"),)),
        Example({"end_dim": 2}, ((3, "H", "W"),)),
        Example({"start_dim": -3, "end_dim": -2}, ((2, "H", "W", 3),)),
    )

    start_dim: int = Field(
        default=1, description="the first axis to lay out, as in torch: 0 is the batch"
    )
    end_dim: int = Field(
        default=-1, description="the last axis to lay out, as in torch: -1 is the last"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's shape with the product in place of the axes."""
        if not inputs[0].example:
            raise OperatorError("flatten takes at least one axis, but its input is one number")
        start, end = self._range(*inputs)
        if start > end:
            raise OperatorError(
                f"start_dim: {self.start_dim} comes after end_dim: {self.end_dim}",
                help=f"the input is {inputs[0]}; dims count the batch as 0",
            )
        shape = inputs[0].shape
        sizes = (*shape[:start], product(shape[start : end + 1]), *shape[end + 1 :])
        return TensorType(sizes, inputs[0].dtype)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.Flatten`."""
        return TorchModule("torch.nn.Flatten", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Flatten` where it says the same, else `Reshape`."""
        start, end = self._range(*inputs)
        if start == 1 and end == len(inputs[0].example):
            return [OnnxNode("Flatten", [Input(0)], {"axis": 1})]
        rest, shape = Local("rest"), Local("shape")
        return [
            OnnxNode("Shape", [Input(0)], {"start": end + 1}, [rest]),
            # 0 leaves the size at its place as it is, -1 is what is left over.
            OnnxNode("Concat", [Constant([0] * start + [-1], "int64"), rest], {"axis": 0}, [shape]),
            OnnxNode("Reshape", [Input(0), shape]),
        ]

    def _range(self, *inputs: TensorType) -> tuple[int, int]:
        return resolve_axis(self.start_dim, inputs[0]), resolve_axis(self.end_dim, inputs[0])
