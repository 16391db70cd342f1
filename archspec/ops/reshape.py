"""Another shape for the same values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from archspec.ir.constraints import Equality
from archspec.ir.dim import Size, product
from archspec.ir.lowering import Constant, Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import LARGEST, Example, Operator, OperatorError
from archspec.ir.types import TensorType


class Reshape(Operator):
    """Gives the values of one example another shape, the last axis fastest."""

    passes: ClassVar[bool] = True
    primary: ClassVar[str] = "shape"
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[*] → shape, where -1 is what is left over"
    keras_names: ClassVar[tuple[str, ...]] = ("Reshape",)
    keras_fields: ClassVar[Mapping[str, str]] = {"target_shape": "shape"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"shape": (128, 7, 7)}, ((6272,),)),
        Example({"shape": (-1, 2, 3)}, (("T", 6),)),
        Example({"shape": (4, -1)}, ((2, "H", 6),), "int64"),
    )

    shape: tuple[Annotated[int, Field(ge=-1, le=LARGEST)], ...] = Field(
        min_length=1,
        description="the sizes of one example, without the batch; one may be -1: what is left over",
    )

    @field_validator("shape")
    @classmethod
    def _one_left_over(cls, shape: tuple[int, ...]) -> tuple[int, ...]:
        if 0 in shape or shape.count(-1) > 1:
            raise ValueError("sizes must be positive, and only one of them may be -1")
        return shape

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns that no value is lost and none is made up, where that is not known."""
        before, after = (product(type_.example) for type_ in (inputs[0], self.output(*inputs)))
        return [Equality(before, after, "numbers of values", (0, 0))]

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the shape with what is left over filled in."""
        values = product(inputs[0].example)
        known = product(tuple(size for size in self.shape if size > 0))
        rest = values // known
        sizes: list[Size] = [rest if size == -1 else size for size in self.shape]
        if not inputs[0].example:
            raise OperatorError("reshape takes at least one axis, but its input is one number")
        if isinstance(values, int) and values != product(tuple(sizes)):
            raise OperatorError(
                f"{values} values do not fit the shape {list(self.shape)}",
                help=f"the input is {inputs[0]}; the sizes must have the product {values}",
            )
        return inputs[0].with_example(*sizes)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.unflatten` of the flattened example, so that the batch is untouched."""
        flat = TorchFunction("torch.flatten", (Input(0),), {"start_dim": 1})
        return TorchFunction("torch.unflatten", (flat,), {"dim": 1, "sizes": self.shape})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Reshape`."""
        return [OnnxNode("Reshape", [Input(0), Constant((0, *self.shape), "int64")])]

    def summary(self) -> str:
        """Returns the shape."""
        return "×".join(map(str, self.shape))
