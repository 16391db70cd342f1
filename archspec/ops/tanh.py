"""The hyperbolic tangent activation."""

from typing import ClassVar

from archspec.ir.interval import SIGNED_UNIT, Interval
from archspec.ops.base.activation import Activation


class Tanh(Activation):
    """Computes `tanh(x)` of each value."""

    makes: ClassVar[Interval] = SIGNED_UNIT
    onnx_op: ClassVar[str] = "Tanh"
