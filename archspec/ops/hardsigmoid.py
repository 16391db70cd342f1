"""The hard sigmoid activation."""

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.interval import UNIT, Interval
from archspec.ir.lowering import Input, OnnxNode
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class Hardsigmoid(Activation):
    """Computes `min(max(x + 3, 0), 6) / 6` of each value (Howard et al. 2019)."""

    makes: ClassVar[Interval] = UNIT

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `HardSigmoid`, whose own slope is 0.2."""
        return [OnnxNode("HardSigmoid", [Input(0)], {"alpha": 1 / 6, "beta": 0.5})]
