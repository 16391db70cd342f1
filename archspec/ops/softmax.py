"""Softmax."""

from typing import ClassVar

from archspec.ir.interval import UNIT, Interval
from archspec.ops.base.axis_activation import AxisActivation


class Softmax(AxisActivation):
    """Turns scores into probabilities: `exp(x_i) / sum(exp(x_j))` along one axis."""

    makes: ClassVar[Interval] = UNIT
    keras_names: ClassVar[tuple[str, ...]] = ("Softmax", "Activation")
    onnx_op: ClassVar[str] = "Softmax"
