"""Global average pooling of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Input, Local, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example, Operator, require_rank
from archspec.ir.types import TensorType


class GlobalAvgPool2d(Operator):
    """Takes the mean of each channel over the whole image (Lin et al. 2013)."""

    primary: ClassVar[str] = "keepdim"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"),)),
        Example({"keepdim": True}, ((3, 5, 4),)),
    )

    keepdim: bool = Field(default=False, description="whether the output is [C, 1, 1], not [C]")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C]`, or `[C, 1, 1]` with `keepdim`."""
        channels, *_ = require_rank(inputs[0], 3, "an image [channels, height, width]")
        return inputs[0].with_example(channels, *((1, 1) if self.keepdim else ()))

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.mean` over height and width."""
        return TorchFunction("torch.mean", (Input(0),), {"dim": (2, 3), "keepdim": self.keepdim})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `GlobalAveragePool` and, without `keepdim`, `Flatten`."""
        if self.keepdim:
            return [OnnxNode("GlobalAveragePool", [Input(0)])]
        pooled = Local("pooled")
        return [
            OnnxNode("GlobalAveragePool", [Input(0)], outputs=[pooled]),
            OnnxNode("Flatten", [pooled], {"axis": 1}),
        ]
