"""Removal of an axis of size 1."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.axes import resolve_axis
from archspec.ir.lowering import Constant, Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example, Operator, OperatorError
from archspec.ir.types import TensorType


class Squeeze(Operator):
    """Takes out an axis, whose size must be 1, as `torch.squeeze` does."""

    passes: ClassVar[bool] = True
    primary: ClassVar[str] = "dim"
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[*] with 1 at dim → [*]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"dim": 1}, ((1, "T", 5),)),
        Example({"dim": -1}, (("T", 1),), "int64"),
    )

    dim: int = Field(
        description="the axis, as in torch: 0 is the batch, 1 the channels, -1 the last"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type without the axis."""
        shape = list(inputs[0].shape)
        size = shape.pop(resolve_axis(self.dim, inputs[0]))
        if size != 1:
            raise OperatorError(
                f"only an axis of size 1 can be taken out, but dim: {self.dim} is {size}",
                help=f"the input is {inputs[0]}; dim counts the batch as 0",
            )
        return TensorType(tuple(shape), inputs[0].dtype)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.squeeze`."""
        return TorchFunction("torch.squeeze", (Input(0),), {"dim": self.dim})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Squeeze`."""
        return [OnnxNode("Squeeze", [Input(0), Constant([self.dim], "int64")])]

    def summary(self) -> str:
        """Returns the axis."""
        return f"dim {self.dim}"
