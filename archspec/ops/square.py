"""The square."""

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.interval import NON_NEGATIVE, Interval
from archspec.ir.lowering import Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class Square(Activation):
    """Computes `x * x` of each value."""

    makes: ClassVar[Interval] = NON_NEGATIVE
    keras_names: ClassVar[tuple[str, ...]] = ()

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.square`."""
        return TorchFunction("torch.square", (Input(0),))

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Mul`."""
        return [OnnxNode("Mul", [Input(0), Input(0)])]
