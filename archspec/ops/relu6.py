"""The ReLU6 activation."""

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.interval import Interval
from archspec.ir.lowering import Constant, Input, OnnxNode
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class ReLU6(Activation):
    """Computes `min(max(0, x), 6)` of each value (Krizhevsky 2010; MobileNets use it)."""

    keeps: ClassVar[Interval | None] = Interval(0.0, 6.0)
    makes: ClassVar[Interval] = Interval(0.0, 6.0)
    keras_names: ClassVar[tuple[str, ...]] = ("ReLU", "Activation")

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Clip`."""
        limits = (Constant(limit, "float32") for limit in (0.0, 6.0))
        return [OnnxNode("Clip", [Input(0), *limits])]
