"""Division into parts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Field, field_validator

from archspec.ir.axes import resolve_axis
from archspec.ir.constraints import Equality
from archspec.ir.dim import Size
from archspec.ir.lowering import Constant, Input, OnnxNode, Output, TorchFunction, TorchLowering
from archspec.ir.op import Example, Operator, OperatorError, Positive
from archspec.ir.types import TensorType

PartName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Split(Operator):
    """Divides its input along one axis, the channels by default, into named outputs.

    A list of names makes parts of equal size; `{left: 16, right: 48}` gives each its size.
    """

    moves: ClassVar[bool] = True
    primary: ClassVar[str] = "parts"
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[C, *] → [C1, *], [C2, *], … with C1 + C2 + … = C"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"parts": ("left", "right")}, ((6, "H", "W"),)),
        Example({"parts": {"left": 1, "right": 5}}, ((6, "H", "W"),)),
        Example({"parts": ("q", "k", "v"), "dim": -1}, (("T", 6),), "int64"),
    )

    parts: tuple[PartName, ...] | dict[PartName, Positive] = Field(
        description="the outputs' names, for equal parts, or each name with its size"
    )
    dim: int = Field(default=1, description="the axis, as in torch: 0 is the batch, 1 the channels")

    @field_validator("parts")
    @classmethod
    def _several(cls, parts: tuple[str, ...] | dict[str, int]) -> tuple[str, ...] | dict[str, int]:
        if len(parts) < 2 or len(set(parts)) < len(parts):
            raise ValueError("give at least two parts, each with a name of its own")
        return parts

    def output_names(self) -> tuple[str, ...]:
        """Returns the names of the parts."""
        return tuple(self.parts)

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns that the parts make up the whole, where that is not known."""
        dim = resolve_axis(self.dim, inputs[0])
        total = sum(type_.shape[dim] for type_ in self.outputs(*inputs))
        return [Equality(inputs[0].shape[dim], total, "sizes", (0, 0))]

    def outputs(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """Returns the input's type once for each part, with the part's size."""
        dim = resolve_axis(self.dim, inputs[0])
        size = inputs[0].shape[dim]
        if isinstance(self.parts, Mapping):
            sizes: list[Size] = [*self.parts.values()]
        else:
            sizes = [size // len(self.parts)] * len(self.parts)
        if isinstance(size, int) and size != sum(sizes):
            raise OperatorError(
                f"a size of {size} cannot be split into {' + '.join(map(str, sizes))}",
                help=f"the parts must make up dim: {self.dim} of the input, which is {inputs[0]}",
            )
        shape = inputs[0].shape
        return tuple(
            TensorType((*shape[:dim], part, *shape[dim + 1 :]), inputs[0].dtype) for part in sizes
        )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.split`, or `torch.tensor_split` into equal parts."""
        if isinstance(self.parts, Mapping):
            sizes = tuple(self.parts.values())
            return TorchFunction("torch.split", (Input(0), sizes), {"dim": self.dim})
        return TorchFunction("torch.tensor_split", (Input(0), len(self.parts)), {"dim": self.dim})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Split`."""
        outputs = [Output(index) for index in range(len(self.parts))]
        if isinstance(self.parts, Mapping):
            sizes = Constant([*self.parts.values()], "int64")
            return [OnnxNode("Split", [Input(0), sizes], {"axis": self.dim}, outputs)]
        attributes = {"axis": self.dim, "num_outputs": len(outputs)}
        return [OnnxNode("Split", [Input(0)], attributes, outputs)]

    def summary(self) -> str:
        """Returns the parts, with their sizes if they have some."""
        if isinstance(self.parts, Mapping):
            return ", ".join(f"{name} {size}" for name, size in self.parts.items())
        return ", ".join(self.parts)
