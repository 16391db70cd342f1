"""Downsampling by moving space into channels."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.constraints import Equality
from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator, OperatorError, Positive, known, require_rank
from archspec.ir.types import TensorType


class PixelUnshuffle(Operator):
    """Makes channels of each `r`×`r` square, as `torch.nn.PixelUnshuffle` does.

    It undoes `pixel_shuffle`.
    """

    moves: ClassVar[bool] = True
    primary: ClassVar[str] = "downscale_factor"
    shape_rule: ClassVar[str] = "[C, H, W] → [C * r², H / r, W / r] with r = downscale_factor"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"downscale_factor": 2}, ((3, 8, 6),)),
        Example({"downscale_factor": 3}, ((2, 3, 9),)),
    )

    downscale_factor: Positive = Field(description="how many times height and width shrink")

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns that nothing is left over of height and width, where that is not known."""
        made = self.output(*inputs)
        for axis, name in ((1, "height"), (2, "width")):
            whole = made.example[axis] * self.downscale_factor
            what = f"{name} and a multiple of {self.downscale_factor}"
            yield Equality(inputs[0].example[axis], whole, what, (0, 0))

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C * r², H / r, W / r]`."""
        channels, *sizes = require_rank(inputs[0], 3, "an image [channels, height, width]")
        count = known(channels, "the number of channels")
        factor = self.downscale_factor
        for size in sizes:
            if isinstance(size, int) and size % factor:
                raise OperatorError(
                    f"{size} is no multiple of downscale_factor: {factor}",
                    help=f"the input is {inputs[0]}: pad or crop it",
                )
        return inputs[0].with_example(count * factor**2, *(size // factor for size in sizes))

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.PixelUnshuffle`."""
        return TorchModule("torch.nn.PixelUnshuffle", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `SpaceToDepth`, and `Gather` because torch counts the channels first."""
        channels = known(inputs[0].example[0], "the number of channels")
        places = self.downscale_factor**2
        order = [place * channels + c for c in range(channels) for place in range(places)]
        blocks = Local("blocks")
        return [
            OnnxNode("SpaceToDepth", [Input(0)], {"blocksize": self.downscale_factor}, [blocks]),
            OnnxNode("Gather", [blocks, Constant(order, "int64")], {"axis": 1}),
        ]

    def summary(self) -> str:
        """Returns the factor."""
        return f"/{self.downscale_factor}"
