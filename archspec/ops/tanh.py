"""The hyperbolic tangent activation."""

from typing import ClassVar

from archspec.ops.base.activation import Activation


class Tanh(Activation):
    """Computes `tanh(x)` of each value."""

    onnx_op: ClassVar[str] = "Tanh"
