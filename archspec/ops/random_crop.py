"""Random crops."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator, Positive
from archspec.ir.types import TensorType
from archspec.ops.center_crop import CenterCrop


class RandomCrop(Operator):
    """Cuts a random part out of each image while training, and the central one otherwise.

    Keras's layer cuts the same part out of all images of a batch, and resizes images that are
    too small, which are an error here.
    """

    shape_rule: ClassVar[str] = "[C, H, W] → [C, height, width]"
    keras_names: ClassVar[tuple[str, ...]] = ("RandomCrop",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"height": 6, "width": 5}, ((3, "H", "W"),)),
        Example({"height": 7, "width": 8}, ((1, 10, 8),)),
    )

    height: Positive = Field(description="height of the part in pixels")
    width: Positive = Field(description="width of the part in pixels")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, height, width]`."""
        return self._central().output(*inputs)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        return TorchModule("archspec.nn.random_crop.RandomCrop", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns the central crop."""
        return self._central().onnx(*inputs)

    def summary(self) -> str:
        """Returns the size."""
        return self._central().summary()

    def _central(self) -> CenterCrop:
        return CenterCrop(size=(self.height, self.width))
