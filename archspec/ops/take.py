"""One position along an axis."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from archspec.ir.axes import resolve_axis
from archspec.ir.lowering import Constant, Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import LARGEST, Example, Operator, OperatorError
from archspec.ir.types import TensorType


class Take(Operator):
    """Takes one position along an axis, as `torch.select` does.

    Along the first axis by default: `0` is the class token of a vision transformer,
    `-1` the last step of a sequence.
    """

    moves: ClassVar[bool] = True
    primary: ClassVar[str] = "index"
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[T, *] → [*]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"index": -1}, (("T", 5),)),
        Example({"index": 2, "dim": -1}, ((3, 4),), "int64"),
    )

    index: Annotated[int, Field(ge=-LARGEST, le=LARGEST)] = Field(
        description="the position, counting from 0, or from -1 at the end"
    )
    dim: int = Field(default=1, description="the axis, as in torch: 0 is the batch, -1 the last")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type without the axis."""
        shape = list(inputs[0].shape)
        size = shape.pop(resolve_axis(self.dim, inputs[0]))
        if isinstance(size, int) and not -size <= self.index < size:
            raise OperatorError(
                f"there is no index {self.index} along a size of {size}",
                help=f"the index goes from 0 to {size - 1}, or from -1 at the end to {-size}",
            )
        return TensorType(tuple(shape), inputs[0].dtype)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.select`."""
        return TorchFunction("torch.select", (Input(0),), self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Gather`."""
        return [OnnxNode("Gather", [Input(0), Constant(self.index, "int64")], {"axis": self.dim})]

    def summary(self) -> str:
        """Returns the position."""
        return str(self.index)
