"""Activations that look along one axis."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.axes import resolve_axis
from archspec.ir.lowering import Input, OnnxNode
from archspec.ir.op import Example
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class AxisActivation(Activation):
    """The base of activations that look along one axis."""

    primary: ClassVar[str] = "dim"
    keras_fields: ClassVar[Mapping[str, str]] = {"axis": "dim"}
    shape_rule: ClassVar[str] = "any shape with at least one axis → the same shape"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((5,),)),
        Example({"dim": 1}, ((3, "H", "W"),)),
    )

    dim: int = Field(default=-1, description="the axis, as in torch: 0 is the batch, -1 the last")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        resolve_axis(self.dim, inputs[0])
        return inputs[0]

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns one node."""
        return [OnnxNode(self.onnx_op, [Input(0)], {"axis": self.dim})]
