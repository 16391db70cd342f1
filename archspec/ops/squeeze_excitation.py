"""Squeeze-and-excitation."""

from collections.abc import Sequence
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from archspec import ops
from archspec.ir.composite import Composite, Part
from archspec.ir.op import Example, OperatorError, Positive, known, require_rank
from archspec.ir.types import TensorType
from archspec.ops.conv2d import Conv2d
from archspec.ops.global_avg_pool2d import GlobalAvgPool2d
from archspec.ops.multiply import Multiply

Activation: TypeAlias = Literal["relu", "relu6", "silu", "gelu", "hardswish"]
Gate: TypeAlias = Literal["sigmoid", "hardsigmoid"]


class SqueezeExcitation(Composite):
    """Weighs each channel by what all channels hold on average (Hu et al. 2017).

    The mean of each channel goes through two 1×1 convolutions with an activation between
    them, and a gate; the result multiplies the input.
    """

    primary: ClassVar[str] = "reduction"
    shape_rule: ClassVar[str] = "[C, H, W] → [C, H, W]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((32, "H", "W"),)),
        Example({"reduction": 4}, ((8, "H", 5),)),
        Example(
            {
                "squeeze_channels": 3,
                "activation": "silu",
                "gate": "hardsigmoid",
                "bias": False,
            },
            ((6, 4, 5),),
        ),
    )

    reduction: Positive = Field(
        default=16, description="how many times fewer channels there are between the convolutions"
    )
    squeeze_channels: Positive | None = Field(
        default=None, description="that number of channels itself, instead of `reduction`"
    )
    activation: Activation = Field(default="relu", description="what follows the first convolution")
    gate: Gate = Field(default="sigmoid", description="what follows the second convolution")
    bias: bool = Field(default=True, description="whether the convolutions have learnt biases")

    def parts(self, *inputs: TensorType) -> Sequence[Part]:
        """Returns pooling, two convolutions, what follows each, and the product."""
        image = require_rank(inputs[0], 3, "an image [channels, height, width]")
        channels = known(image[0], "the number of channels")
        squeezed = self.squeeze_channels or channels // self.reduction
        if not squeezed:
            raise OperatorError(
                f"{channels} channels by reduction: {self.reduction} leave none",
                help="use a smaller reduction, or give squeeze_channels",
            )
        first, second = (
            Conv2d(out_channels=count, kernel_size=1, bias=self.bias)
            for count in (squeezed, channels)
        )
        return [
            Part("pool", GlobalAvgPool2d(keepdim=True), ("input",)),
            Part("fc1", first, ("pool",)),
            Part("act", ops.find(self.activation)(), ("fc1",)),
            Part("fc2", second, ("act",)),
            Part("gate", ops.find(self.gate)(), ("fc2",)),
            Part("scale", Multiply(), ("gate", "input")),
        ]

    def summary(self) -> str:
        """Returns the number of channels in between, or by what they are divided."""
        return str(self.squeeze_channels or f"/{self.reduction}")
