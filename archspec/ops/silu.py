"""The SiLU activation, also called swish."""

from collections.abc import Sequence

from archspec.ir.lowering import Input, Local, OnnxNode
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class SiLU(Activation):
    """Computes `x * sigmoid(x)` of each value (Ramachandran et al. 2017 call it swish)."""

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Sigmoid` and `Mul`."""
        gate = Local("gate")
        return [
            OnnxNode("Sigmoid", [Input(0)], outputs=[gate]),
            OnnxNode("Mul", [Input(0), gate]),
        ]
