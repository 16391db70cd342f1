"""A new axis of size 1."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Constant, Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType
from archspec.ops.base.axis import new_axis


class Unsqueeze(Operator):
    """Puts in an axis of size 1, as `torch.unsqueeze` does."""

    passes: ClassVar[bool] = True
    primary: ClassVar[str] = "dim"
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[*] → [*] with 1 at dim"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"dim": 1}, (("T", 5),)),
        Example({"dim": -1}, (("T",),), "int64"),
    )

    dim: int = Field(
        description="the new axis, as in torch: 0 is the batch, 1 the channels, -1 becomes the last"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type with 1 at `dim`."""
        shape = list(inputs[0].shape)
        shape.insert(new_axis(self.dim, inputs[0]), 1)
        return TensorType(tuple(shape), inputs[0].dtype)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.unsqueeze`."""
        return TorchFunction("torch.unsqueeze", (Input(0),), {"dim": self.dim})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Unsqueeze`."""
        return [OnnxNode("Unsqueeze", [Input(0), Constant([self.dim], "int64")])]

    def summary(self) -> str:
        """Returns the axis."""
        return f"dim {self.dim}"
