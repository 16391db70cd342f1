"""The sigmoid activation."""

from typing import ClassVar

from archspec.ir.interval import UNIT, Interval
from archspec.ops.base.activation import Activation


class Sigmoid(Activation):
    """Computes `1 / (1 + exp(-x))` of each value."""

    makes: ClassVar[Interval] = UNIT
    onnx_op: ClassVar[str] = "Sigmoid"
