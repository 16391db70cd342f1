"""The softplus activation."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.interval import NON_NEGATIVE, Interval
from archspec.ir.lowering import Constant, Input, Local, OnnxNode
from archspec.ir.op import Example, Number, PositiveNumber
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation


class Softplus(Activation):
    """Computes `log(1 + exp(beta * x)) / beta` of each value, a smooth ReLU."""

    makes: ClassVar[Interval] = NON_NEGATIVE
    primary: ClassVar[str] = "beta"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((5,),)),
        Example({"beta": 2.0}, ((3, "H", "W"),)),
        Example({"beta": 0.5, "threshold": 0.25}, ((3, 4, 5),)),
    )

    beta: PositiveNumber = Field(default=1.0, description="how sharply it bends")
    threshold: Number = Field(
        default=20.0, description="value of `beta * x` above which the result is `x`, as in torch"
    )

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Softplus`, with all its surroundings unless both fields are torch's own."""
        if (self.beta, self.threshold) == (1.0, 20.0):
            return [OnnxNode("Softplus", [Input(0)])]
        beta, threshold = Constant(self.beta, "float32"), Constant(self.threshold, "float32")
        scaled, bent, curve, linear = map(Local, ("scaled", "bent", "curve", "linear"))
        return [
            OnnxNode("Mul", [Input(0), beta], outputs=[scaled]),
            OnnxNode("Softplus", [scaled], outputs=[bent]),
            OnnxNode("Div", [bent, beta], outputs=[curve]),
            OnnxNode("Greater", [scaled, threshold], outputs=[linear]),
            OnnxNode("Where", [linear, Input(0), curve]),
        ]
