"""The ReLU activation."""

from typing import ClassVar

from archspec.ops.base.activation import Activation


class ReLU(Activation):
    """Computes `max(0, x)` of each value (Nair and Hinton 2010)."""

    keras_names: ClassVar[tuple[str, ...]] = ("ReLU", "Activation")
    onnx_op: ClassVar[str] = "Relu"
