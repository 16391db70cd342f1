"""Conversion of colours to grey."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    Output,
    TorchLowering,
    TorchModule,
)
from archspec.ir.op import Example, Operator, OperatorError, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.channels import constant_per_channel

_LUMA = (0.2989, 0.587, 0.114)
"""The shares of red, green and blue in ITU-R BT.601, rounded as torchvision does."""


class Grayscale(Operator):
    """Makes an RGB image grey: `0.2989*R + 0.587*G + 0.114*B`, as torchvision's `Grayscale`."""

    moves: ClassVar[bool] = True
    primary: ClassVar[str] = "num_output_channels"
    shape_rule: ClassVar[str] = "[3, H, W] → [num_output_channels, H, W]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"),)),
        Example({"num_output_channels": 3}, ((3, 5, 4),)),
    )

    num_output_channels: Literal[1, 3] = Field(
        default=1, description="1, or 3 equal channels for a network that wants colours"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[num_output_channels, H, W]`."""
        channels, *sizes = require_rank(inputs[0], 3, "an image [channels, height, width]")
        if channels != 3:
            raise OperatorError(
                f"grayscale takes an RGB image of 3 channels, but its input is {inputs[0]}",
                help="an image of one channel is grey already: leave this layer out",
            )
        return inputs[0].with_example(self.num_output_channels, *sizes)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        return TorchModule(
            "archspec.nn.grayscale.Grayscale", {"weights": _LUMA, **self.model_dump()}
        )

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Mul`, `ReduceSum` and, for three channels, `Concat`."""
        weighted = Local("weighted")
        grey = Output(0) if self.num_output_channels == 1 else Local("grey")
        weights = constant_per_channel(_LUMA, inputs[0])
        nodes = [
            OnnxNode("Mul", [Input(0), weights], outputs=[weighted]),
            OnnxNode("ReduceSum", [weighted, Constant([1], "int64")], outputs=[grey]),
        ]
        if isinstance(grey, Local):
            nodes.append(OnnxNode("Concat", [grey] * 3, {"axis": 1}))
        return nodes
