"""The SELU activation."""

from typing import ClassVar

from archspec.ops.base.activation import Activation


class SELU(Activation):
    """Computes `1.0507 * (x if x > 0 else 1.6733 * (exp(x) - 1))` of each value.

    Its constants keep the mean at 0 and the variance at 1 from layer to layer
    (Klambauer et al. 2017); the dropout that goes with it is `alpha_dropout`.
    """

    onnx_op: ClassVar[str] = "Selu"
