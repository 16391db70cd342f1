"""Softmax."""

from typing import ClassVar

from archspec.ops.base.axis_activation import AxisActivation


class Softmax(AxisActivation):
    """Turns scores into probabilities: `exp(x_i) / sum(exp(x_j))` along one axis."""

    keras_names: ClassVar[tuple[str, ...]] = ("Softmax", "Activation")
    onnx_op: ClassVar[str] = "Softmax"
