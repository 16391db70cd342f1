"""Rescaling of values."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example, Number
from archspec.ir.types import TensorType
from archspec.ops.base.same_shape import SameShape


class Rescaling(SameShape):
    """Computes `scale * x + offset` of each value, such as `=1 / 255` for the bytes of images."""

    primary: ClassVar[str] = "scale"
    keras_names: ClassVar[tuple[str, ...]] = ("Rescaling",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"scale": 1 / 255}, ((3, "H", "W"),)),
        Example({"scale": 2.0, "offset": -1.0}, ((6,),)),
    )

    scale: Number = Field(description="factor of each value")
    offset: Number = Field(default=0.0, description="added to each scaled value")

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.mul` within `torch.add`."""
        scaled = TorchFunction("torch.mul", (Input(0), self.scale))
        return TorchFunction("torch.add", (scaled, self.offset))

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Mul` and `Add`."""
        scaled = Local("scaled")
        return [
            OnnxNode("Mul", [Input(0), Constant(self.scale, "float32")], outputs=[scaled]),
            OnnxNode("Add", [scaled, Constant(self.offset, "float32")]),
        ]
