"""The softsign activation."""

from typing import ClassVar

from archspec.ops.base.activation import Activation


class Softsign(Activation):
    """Computes `x / (1 + abs(x))` of each value."""

    onnx_op: ClassVar[str] = "Softsign"
