"""The logarithm of softmax."""

from typing import ClassVar

from archspec.ops.base.axis_activation import AxisActivation


class LogSoftmax(AxisActivation):
    """Turns scores into logarithms of probabilities: `x_i - log(sum(exp(x_j)))` along one axis."""

    onnx_op: ClassVar[str] = "LogSoftmax"
