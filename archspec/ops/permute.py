"""Another order of the axes."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, field_validator

from archspec.diagnostics.counted import counted
from archspec.ir.lowering import Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example, NonNegative, Operator, OperatorError
from archspec.ir.types import TensorType


class Permute(Operator):
    """Puts the axes in another order, as `torch.permute` does.

    The axes have torch's numbers. The batch, axis 0, stays where it is and is not written:
    `[3, 1, 2]` turns `[H, W, C]` into `[C, H, W]`, as in Keras.
    """

    moves: ClassVar[bool] = True
    primary: ClassVar[str] = "dims"
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[size 1, size 2, …] → the same sizes, in the order of dims"
    keras_names: ClassVar[tuple[str, ...]] = ("Permute",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"dims": (3, 1, 2)}, (("H", "W", 3),)),
        Example({"dims": (2, 1)}, (("T", 5),), "int64"),
    )

    dims: tuple[NonNegative, ...] = Field(
        description="for each axis of the output, the input's axis: 1 is the first after the batch"
    )

    @field_validator("dims")
    @classmethod
    def _each_once(cls, dims: tuple[int, ...]) -> tuple[int, ...]:
        if 0 in dims:
            raise ValueError(f"dims counts from 1, as the batch is axis 0: {cls._from_1(dims)}")
        if sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError("dims must name each axis once, counting from 1")
        return dims

    @staticmethod
    def _from_1(dims: tuple[int, ...]) -> str:
        """Returns what to write for dims with a 0: the batch, or the first axis after it."""
        counted_on = f"write {[dim + 1 for dim in dims]}"
        if dims[0] != 0 or len(dims) == 1:
            return counted_on
        return f"write {[*dims[1:]]} if 0 is the batch, or {counted_on[6:]} if it is the next axis"

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type with its sizes reordered."""
        if len(self.dims) != len(inputs[0].example):
            named = counted(len(self.dims), "axis", "axes")
            raise OperatorError(
                f"dims names {named}, but the input is {inputs[0]}",
                help=f"name each of 1 to {len(inputs[0].example)} once; the batch stays first",
            )
        return inputs[0].with_example(*(inputs[0].shape[dim] for dim in self.dims))

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.permute`."""
        return TorchFunction("torch.permute", (Input(0),), {"dims": (0, *self.dims)})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Transpose`."""
        return [OnnxNode("Transpose", [Input(0)], {"perm": (0, *self.dims)})]

    def summary(self) -> str:
        """Returns the order."""
        return " ".join(map(str, self.dims))
