"""The ReLU activation."""

from typing import ClassVar

from archspec.ir.interval import NON_NEGATIVE, Interval
from archspec.ops.base.activation import Activation


class ReLU(Activation):
    """Computes `max(0, x)` of each value (Nair and Hinton 2010)."""

    keeps: ClassVar[Interval | None] = NON_NEGATIVE
    makes: ClassVar[Interval] = NON_NEGATIVE
    keras_names: ClassVar[tuple[str, ...]] = ("ReLU", "Activation")
    onnx_op: ClassVar[str] = "Relu"
