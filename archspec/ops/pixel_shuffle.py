"""Upsampling by moving channels into space."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator, OperatorError, Positive, known, require_rank
from archspec.ir.types import TensorType


class PixelShuffle(Operator):
    """Makes a larger image of channels (Shi et al. 2016), as `torch.nn.PixelShuffle` does."""

    moves: ClassVar[bool] = True
    primary: ClassVar[str] = "upscale_factor"
    shape_rule: ClassVar[str] = "[C * r², H, W] → [C, H * r, W * r] with r = upscale_factor"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"upscale_factor": 2}, ((8, "H", "W"),)),
        Example({"upscale_factor": 3}, ((9, 4, 5),)),
    )

    upscale_factor: Positive = Field(description="how many times height and width grow")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, H * r, W * r]`."""
        channels, *sizes = require_rank(inputs[0], 3, "an image [channels, height, width]")
        square = self.upscale_factor**2
        count = known(channels, "the number of channels")
        if count % square:
            raise OperatorError(
                f"{count} channels are no multiple of upscale_factor² = {square}",
                help=f"give it {(count // square + 1) * square} channels",
            )
        return inputs[0].with_example(count // square, *(n * self.upscale_factor for n in sizes))

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.PixelShuffle`."""
        return TorchModule("torch.nn.PixelShuffle", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `DepthToSpace`, which counts the channels first as torch does."""
        attributes = {"blocksize": self.upscale_factor, "mode": "CRD"}
        return [OnnxNode("DepthToSpace", [Input(0)], attributes)]

    def summary(self) -> str:
        """Returns the factor."""
        return f"×{self.upscale_factor}"
