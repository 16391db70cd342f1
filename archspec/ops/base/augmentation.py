"""Random changes of images while training, so that a network sees each differently every time.

Each example of a batch is changed by its own amount, drawn from torch's global generator.
"""

from typing import Annotated, ClassVar, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, Field

from archspec.ir.op import Number, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.noise import Noise

_Range = TypeVar("_Range", bound=float | tuple[float, float])


def in_order(range_: _Range) -> _Range:
    """Returns a range as it is, once its limits are known to be in order.

    Raises:
        ValueError: The lower limit is above the upper one.
    """
    if isinstance(range_, tuple) and range_[0] > range_[1]:
        raise ValueError(f"the lower limit {range_[0]} is above the upper limit {range_[1]}")
    return range_


_Fraction: TypeAlias = Annotated[float, Field(ge=-1, le=1)]
Factor: TypeAlias = Annotated[_Fraction | tuple[_Fraction, _Fraction], AfterValidator(in_order)]
"""A range of fractions: `[lower, upper]`, or one number for both directions."""


def limits(factor: float | tuple[float, float]) -> tuple[float, float]:
    """Returns a range as `(lower, upper)`."""
    return factor if isinstance(factor, tuple) else (-abs(factor), abs(factor))


class Augmentation(Noise):
    """The base of random changes of images that keep their size."""

    shape_rule: ClassVar[str] = "[C, H, W] → [C, H, W]"

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        require_rank(inputs[0], 3, "an image [channels, height, width]")
        return inputs[0]


class Recolouring(Augmentation):
    """The base of random changes of an image's values."""

    value_range: Annotated[tuple[Number, Number], AfterValidator(in_order)] = Field(
        default=(0.0, 255.0), description="lowest and highest value; the result is cut off there"
    )


class Warp(Augmentation):
    """The base of random motions of an image."""

    fill_mode: Literal["reflect", "wrap", "constant", "nearest"] = Field(
        default="reflect",
        description="what is beyond the edges: the image mirrored, repeated, `fill_value`, "
        "or the nearest pixel",
    )
    fill_value: Number = Field(default=0.0, description="the value for `fill_mode: constant`")
    interpolation: Literal["bilinear", "nearest"] = Field(
        default="bilinear", description="how values between pixels are found"
    )
