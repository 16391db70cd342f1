"""The sigmoid activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType


class Sigmoid(Operator):
    """Computes `1 / (1 + exp(-x))` of each value."""

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((5,),)),
        Example({}, ((3, "H", "W"),)),
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.Sigmoid`."""
        return TorchModule("torch.nn.Sigmoid")

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Sigmoid`."""
        return [OnnxNode("Sigmoid", [Input(0)])]
