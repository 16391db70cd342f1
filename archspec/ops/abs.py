"""The absolute value."""

from typing import ClassVar

from archspec.ir.lowering import Input, TorchFunction, TorchLowering
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class Abs(Activation):
    """Computes the absolute value of each value."""

    keras_names: ClassVar[tuple[str, ...]] = ()
    onnx_op: ClassVar[str] = "Abs"

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.abs`."""
        return TorchFunction("torch.abs", (Input(0),))
