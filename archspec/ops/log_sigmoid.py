"""The logarithm of the sigmoid."""

from collections.abc import Sequence

from archspec.ir.lowering import Input, Local, OnnxNode
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class LogSigmoid(Activation):
    """Computes `-log(1 + exp(-x))` of each value."""

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Softplus` between two `Neg`."""
        negative, softplus = Local("negative"), Local("softplus")
        return [
            OnnxNode("Neg", [Input(0)], outputs=[negative]),
            OnnxNode("Softplus", [negative], outputs=[softplus]),
            OnnxNode("Neg", [softplus]),
        ]
