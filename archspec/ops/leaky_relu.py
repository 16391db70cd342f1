"""The leaky ReLU activation."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.interval import NON_NEGATIVE, Interval
from archspec.ir.lowering import Input, OnnxNode
from archspec.ir.op import Example, Number
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class LeakyReLU(Activation):
    """Computes `x if x > 0 else negative_slope * x` of each value (Maas et al. 2013).

    The slope is torch's by default; Keras's layer has 0.3, its function 0.2.
    """

    keeps: ClassVar[Interval | None] = NON_NEGATIVE
    primary: ClassVar[str] = "negative_slope"
    keras_names: ClassVar[tuple[str, ...]] = ("LeakyReLU", "Activation")
    keras_fields: ClassVar[Mapping[str, str]] = {"alpha": "negative_slope"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((5,),)),
        Example({"negative_slope": 0.3}, ((3, "H", "W"),)),
    )

    negative_slope: Number = Field(default=0.01, description="slope below 0")

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `LeakyRelu`."""
        return [OnnxNode("LeakyRelu", [Input(0)], {"alpha": self.negative_slope})]
