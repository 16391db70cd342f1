"""Softmax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.axes import resolve_axis
from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType


class Softmax(Operator):
    """Turns scores into probabilities: `exp(x_i) / sum(exp(x_j))` along one axis."""

    primary: ClassVar[str] = "dim"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((5,),)),
        Example({"dim": 1}, ((3, "H", "W"),)),
    )

    dim: int = Field(default=-1, description="the axis, as in torch: 0 is the batch, -1 the last")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        resolve_axis(self.dim, inputs[0])
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.Softmax`."""
        return TorchModule("torch.nn.Softmax", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Softmax`."""
        return [OnnxNode("Softmax", [Input(0)], {"axis": self.dim})]
