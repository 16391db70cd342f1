"""The fields that all convolutions share, and the channels they connect."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple, Self, TypeVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from archspec.ir.dim import Size
from archspec.ir.op import Operator, OperatorError, known, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.window import (
    LAYOUTS,
    Padding,
    PerAxis,
    axes_text,
    check_length,
    per_axis,
    window_text,
)

Value = TypeVar("Value")


class Channels(NamedTuple):
    """What a convolution connects, by torch's names."""

    in_channels: int
    out_channels: int
    groups: int


class KernelOperator(Operator):
    """The base of operators that move a learnt kernel over one, two or three axes.

    Attributes:
        axes: The number of axes.
    """

    axes: ClassVar[int]
    keras_fields: ClassVar[Mapping[str, str]] = {
        "strides": "stride",
        "dilation_rate": "dilation",
        "use_bias": "bias",
    }

    kernel_size: PerAxis = Field(description="size of the kernels, for all axes or for each")
    stride: PerAxis = Field(default=1, description="step between two positions of the kernel")
    padding: Padding = Field(
        default=0,
        description="zeros added on each side; `same` makes ceil(size / stride) values and "
        "puts an odd zero at the end, as in TensorFlow; `valid` adds none",
    )
    dilation: PerAxis = Field(default=1, description="step between two elements of the kernel")
    bias: bool = Field(default=True, description="whether a learnt bias is added")

    @field_validator("*")
    @classmethod
    def _one_for_each_axis(cls, value: Value, info: ValidationInfo) -> Value:
        check_length(info.field_name, value, cls.axes)
        return value

    @model_validator(mode="after")
    def _same_is_sayable(self) -> Self:
        # Keras and ONNX Runtime refuse it too, so there is nothing to agree with.
        if self.padding == "same" and self.strided and max(self.dilations) > 1:
            raise ValueError("padding: same takes a stride or a dilation, not both")
        return self

    @property
    def kernel(self) -> tuple[int, ...]:
        """The kernel's size along each axis."""
        return per_axis(self.kernel_size, self.axes)

    @property
    def strides(self) -> tuple[int, ...]:
        """The stride along each axis."""
        return per_axis(self.stride, self.axes)

    @property
    def dilations(self) -> tuple[int, ...]:
        """The dilation along each axis."""
        return per_axis(self.dilation, self.axes)

    @property
    def extents(self) -> tuple[int, ...]:
        """How far the dilated kernel reaches along each axis."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    @property
    def strided(self) -> bool:
        """Whether the stride is not 1 along some axis."""
        return max(self.strides) > 1

    def sizes(self, *inputs: TensorType) -> tuple[Size, ...]:
        """Returns the input's sizes along the axes.

        Raises:
            OperatorError: The input does not have these axes.
        """
        return require_rank(inputs[0], self.axes + 1, LAYOUTS[self.axes])[1:]

    def summary(self) -> str:
        """Returns the kernel and, where they are not 1, the stride and the dilation."""
        text = window_text(self.kernel, self.strides)
        return f"{text}, dilation {axes_text(self.dilations)}" if max(self.dilations) > 1 else text


def in_channels(*inputs: TensorType) -> int:
    """Returns the number of channels of an input that has some.

    Raises:
        OperatorError: The number is symbolic.
    """
    return known(inputs[0].example[0], "the number of input channels")


def groups_text(groups: int) -> str:
    """Returns what a picture adds to a convolution's summary: nothing for one group."""
    return f", {groups} groups" if groups > 1 else ""


def grouped(channels: int, out_channels: int, groups: int) -> Channels:
    """Returns what a convolution in groups connects.

    Raises:
        OperatorError: The channels cannot be divided into groups.
    """
    for name, count in (("input channels", channels), ("out_channels", out_channels)):
        if count % groups:
            raise OperatorError(
                f"{count} {name} cannot be divided into groups: {groups}",
                help=f"groups must divide both {channels} and {out_channels}",
            )
    return Channels(channels, out_channels, groups)
