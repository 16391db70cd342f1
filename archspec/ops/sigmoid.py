"""The sigmoid activation."""

from typing import ClassVar

from archspec.ops.base.activation import Activation


class Sigmoid(Activation):
    """Computes `1 / (1 + exp(-x))` of each value."""

    onnx_op: ClassVar[str] = "Sigmoid"
