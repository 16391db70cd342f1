"""The ReLU activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType


class ReLU(Operator):
    """Computes `max(0, x)` of each value (Nair and Hinton 2010)."""

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((5,),)),
        Example({}, ((3, "H", "W"),)),
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.ReLU`."""
        return TorchModule("torch.nn.ReLU")

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Relu`."""
        return [OnnxNode("Relu", [Input(0)])]
