"""Flattening to a vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.dim import product
from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator, OperatorError
from archspec.ir.types import TensorType


class Flatten(Operator):
    """Lays one example out as a vector, the last axis fastest."""

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, 4, 5),)),
        Example({}, ((3, "H", "W"),)),
        Example({}, ((7,),)),
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[product of all sizes]`."""
        if not inputs[0].example:
            raise OperatorError("flatten takes at least one axis, but its input is one number")
        return inputs[0].with_example(product(inputs[0].example))

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.Flatten`."""
        return TorchModule("torch.nn.Flatten")

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Flatten`."""
        return [OnnxNode("Flatten", [Input(0)], {"axis": 1})]
