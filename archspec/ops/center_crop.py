"""Cropping to a size."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Constant, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Positive, require_rank
from archspec.ir.types import Shape, TensorType
from archspec.ops.base.center_crop import WANTED, Centered
from archspec.ops.base.window import per_axis


class CenterCrop(Centered):
    """Cuts the middle out of an image.

    Where the number of rows or columns to cut is odd, one more goes at the end, as in Keras.
    """

    primary: ClassVar[str] = "size"
    shape_rule: ClassVar[str] = "[C, H, W] → [C, height, width]"
    keras_names: ClassVar[tuple[str, ...]] = ("CenterCrop",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"size": 5}, ((3, "H", "W"),)),
        Example({"size": (4, 3)}, ((3, 9, 8),), "int64"),
    )

    size: Positive | tuple[Positive, Positive] = Field(
        description="what is left, in pixels: one size for both axes, or [height, width]"
    )

    def sizes(self, *inputs: TensorType) -> Shape:
        """Returns height and width."""
        require_rank(inputs[0], 3, "an image [channels, height, width]")
        return self._sizes()

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module."""
        return TorchModule("archspec.nn.crop.CenterCrop", {"size": self._sizes()})

    def onnx_wanted(self) -> OnnxNode:
        """Returns the constant sizes."""
        return OnnxNode("Identity", [Constant(self._sizes(), "int64")], {}, [WANTED])

    def summary(self) -> str:
        """Returns the size."""
        return "×".join(map(str, self._sizes()))

    def _sizes(self) -> tuple[int, ...]:
        return per_axis(self.size, 2)
