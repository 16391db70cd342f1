"""The Mish activation."""

from typing import ClassVar

from archspec.ops.base.activation import Activation


class Mish(Activation):
    """Computes `x * tanh(log(1 + exp(x)))` of each value (Misra 2019)."""

    onnx_op: ClassVar[str] = "Mish"
