"""What padding and cropping share: an amount before and after each axis."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Field, field_validator

from archspec.ir.dim import Size
from archspec.ir.lowering import (
    Constant,
    Input,
    OnnxNode,
    OnnxOperand,
    TorchFunction,
    TorchLowering,
)
from archspec.ir.op import LARGEST, NonNegative, Operator, OperatorError, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.window import LAYOUTS

Sides: TypeAlias = tuple[tuple[int, int], ...]
"""What is added before and after each axis."""

Signed: TypeAlias = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
Amount: TypeAlias = NonNegative | tuple[NonNegative | tuple[NonNegative, NonNegative], ...]
"""One amount for every side, or for each axis one amount or `[before, after]`."""
SignedAmount: TypeAlias = Signed | tuple[Signed | tuple[Signed, Signed], ...]
"""As `Amount`; negative amounts crop."""

FORM = "one amount, or for each axis one amount or [before, after]"


def sides(amount: int | tuple[int | tuple[int, int], ...], axes: int) -> Sides:
    """Returns what an amount means for each axis.

    Raises:
        ValueError: It is not for this number of axes.
    """
    each = (amount,) * axes if isinstance(amount, int) else amount
    if len(each) != axes:
        pairs = ", ".join(["[before, after]"] * axes)
        raise ValueError(f"give one amount, or {axes} of them, or [{pairs}], not {len(each)}")
    return tuple((side, side) if isinstance(side, int) else side for side in each)


def sides_text(amounts: Sides) -> str:
    """Returns amounts for a picture: `1` where all are alike, else `0/1, 2/1` by axis."""
    if len({amount for side in amounts for amount in side}) == 1:
        return str(amounts[0][0])
    return ", ".join(f"{before}/{after}" for before, after in amounts)


class Border(Operator):
    """The base of operators that add something around the axes, or take it away.

    Attributes:
        axes: How many axes follow the channels.
        mode: What is added, as `torch.nn.functional.pad` says it.
        onnx_mode: The same as ONNX says it.
    """

    moves: ClassVar[bool] = True
    axes: ClassVar[int]
    mode: ClassVar[str] = "constant"
    onnx_mode: ClassVar[str] = "constant"

    def sides(self) -> Sides:
        """Returns what is added before and after each axis; a negative amount crops."""
        raise NotImplementedError

    def fill(self) -> float | None:
        """Returns the constant that is added, if not 0."""
        return None

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type with the amounts added to the sizes."""
        channels, *sizes = require_rank(inputs[0], 1 + self.axes, LAYOUTS[self.axes])
        for size, side in zip(sizes, self.sides(), strict=True):
            self.check(size, side)
        made = [size + sum(side) for size, side in zip(sizes, self.sides(), strict=True)]
        return inputs[0].with_example(channels, *made)

    def check(self, size: Size, side: tuple[int, int]) -> None:
        """Refuses amounts that torch cannot add to an axis of this size.

        Raises:
            OperatorError: The amounts are too large.
        """
        if isinstance(size, int) and size + min(side) < 1:
            raise OperatorError(
                f"{-min(side)} cannot be cropped from a size of {size}", help="crop less"
            )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.functional.pad`, which counts the sides from the last axis."""
        amounts = tuple(amount for side in reversed(self.sides()) for amount in side)
        arguments: dict[str, object] = {"pad": amounts, "mode": self.mode}
        if self.fill() is not None:
            arguments["value"] = self.fill()
        return TorchFunction("torch.nn.functional.pad", (Input(0),), arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Pad` of the axes.

        Naming the axes keeps ONNX Runtime from folding it into a max pooling after it, whose
        padding is not zeros.
        """
        before, after = zip(*self.sides(), strict=True)
        fill = None if self.fill() is None else Constant(self.fill(), "float32")
        axes = Constant(tuple(range(2, 2 + self.axes)), "int64")
        operands: list[OnnxOperand] = [Input(0), Constant((*before, *after), "int64"), fill, axes]
        return [OnnxNode("Pad", operands, {"mode": self.onnx_mode})]

    def summary(self) -> str:
        """Returns the amounts."""
        return sides_text(self.sides())


class Pad(Border):
    """The base of operators that pad with values of the input."""

    primary: ClassVar[str] = "padding"

    padding: Amount = Field(description=f"what is added on each side: {FORM}")

    @field_validator("padding")
    @classmethod
    def _for_the_axes(cls, padding: Amount) -> Amount:
        sides(padding, cls.axes)
        return padding

    def sides(self) -> Sides:
        """Returns the padding of each axis."""
        return sides(self.padding, self.axes)


class ConstantPad(Pad):
    """The base of operators that pad with one number, or crop."""

    padding: SignedAmount = Field(
        description=f"what is added on each side, or cropped where it is negative: {FORM}"
    )
