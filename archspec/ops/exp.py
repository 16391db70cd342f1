"""The exponential function."""

from typing import ClassVar

from archspec.ir.interval import NON_NEGATIVE, Interval
from archspec.ir.lowering import Input, TorchFunction, TorchLowering
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class Exp(Activation):
    """Computes `exp(x)` of each value."""

    makes: ClassVar[Interval] = NON_NEGATIVE
    onnx_op: ClassVar[str] = "Exp"

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.exp`."""
        return TorchFunction("torch.exp", (Input(0),))
