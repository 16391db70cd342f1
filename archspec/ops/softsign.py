"""The softsign activation."""

from typing import ClassVar

from archspec.ir.interval import SIGNED_UNIT, Interval
from archspec.ops.base.activation import Activation


class Softsign(Activation):
    """Computes `x / (1 + abs(x))` of each value."""

    makes: ClassVar[Interval] = SIGNED_UNIT
    onnx_op: ClassVar[str] = "Softsign"
