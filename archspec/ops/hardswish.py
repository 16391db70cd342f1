"""The hard swish activation."""

from typing import ClassVar

from archspec.ops.base.activation import Activation


class Hardswish(Activation):
    """Computes `x * min(max(x + 3, 0), 6) / 6` of each value (Howard et al. 2019)."""

    onnx_op: ClassVar[str] = "HardSwish"
