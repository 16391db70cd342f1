"""The absolute value."""

from typing import ClassVar

from archspec.ir.interval import NON_NEGATIVE, Interval
from archspec.ir.lowering import Input, TorchFunction, TorchLowering
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class Abs(Activation):
    """Computes the absolute value of each value."""

    keeps: ClassVar[Interval | None] = NON_NEGATIVE
    makes: ClassVar[Interval] = NON_NEGATIVE
    keras_names: ClassVar[tuple[str, ...]] = ()
    onnx_op: ClassVar[str] = "Abs"

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.abs`."""
        return TorchFunction("torch.abs", (Input(0),))
