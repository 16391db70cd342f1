"""The hard tanh activation."""

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import Field, model_validator

from archspec.ir.interval import Interval
from archspec.ir.lowering import Constant, Input, OnnxNode
from archspec.ir.op import Example, Number
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class Hardtanh(Activation):
    """Computes `min(max(min_val, x), max_val)` of each value."""

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((5,),)),
        Example({"min_val": -0.5, "max_val": 0.25}, ((3, "H", "W"),)),
    )

    min_val: Number = Field(default=-1.0, description="smallest result")
    max_val: Number = Field(default=1.0, description="largest result")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_val >= self.max_val:
            raise ValueError(f"max_val {self.max_val} is not above min_val {self.min_val}")
        return self

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns the limits."""
        return Interval(self.min_val, self.max_val)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Clip`."""
        limits = (Constant(limit, "float32") for limit in (self.min_val, self.max_val))
        return [OnnxNode("Clip", [Input(0), *limits])]
