"""Windows that slide over an input: their fields, their padding, and how many there are."""

from collections.abc import Mapping
from typing import ClassVar, Self, TypeVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from archspec.ir.dim import Size
from archspec.ir.op import Operator, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.padding import Pads, Windows, missed, same_pads
from archspec.ops.base.window import LAYOUTS, Padding, PerAxis, check_length, per_axis, window_text

Value = TypeVar("Value")


class Windowed(Operator):
    """The base of operators that make one value of each window of a channel.

    Attributes:
        axes: The number of axes that a window has.
    """

    axes: ClassVar[int]
    primary: ClassVar[str | None] = "kernel_size"
    keras_fields: ClassVar[Mapping[str, str]] = {"pool_size": "kernel_size", "strides": "stride"}

    kernel_size: PerAxis = Field(description="size of the window, for all axes or for each")
    stride: PerAxis | None = Field(
        default=None, description="step between two windows; the kernel size if left out"
    )

    @field_validator("*")
    @classmethod
    def _one_for_each_axis(cls, value: Value, info: ValidationInfo) -> Value:
        check_length(info.field_name, value, cls.axes)
        return value

    @property
    def kernel(self) -> tuple[int, ...]:
        """The window's size along each axis."""
        return per_axis(self.kernel_size, self.axes)

    @property
    def strides(self) -> tuple[int, ...]:
        """The stride along each axis."""
        return per_axis(self.stride or self.kernel_size, self.axes)

    @property
    def dilations(self) -> tuple[int, ...]:
        """The step between two elements of a window along each axis."""
        return (1,) * self.axes

    @property
    def extents(self) -> tuple[int, ...]:
        """How far a window reaches along each axis."""
        return self.kernel

    def sizes(self, *inputs: TensorType) -> tuple[Size, ...]:
        """Returns the input's sizes along the axes.

        Raises:
            OperatorError: The input does not have these axes.
        """
        return require_rank(inputs[0], self.axes + 1, LAYOUTS[self.axes])[1:]

    def pads(self, *inputs: TensorType) -> Pads | None:
        """Returns what is added on each side, unless only the input's size at run time says.

        Raises:
            OperatorError: The input cannot be padded.
        """
        return Pads((0,) * self.axes, (0,) * self.axes)

    def missed(self, *inputs: TensorType) -> tuple[int, ...]:
        """Returns how many of the last values along each axis no window reads."""
        windows = map(Windows, self.kernel, self.dilations, self.strides)
        return missed(self.sizes(*inputs), self.pads(*inputs), windows)

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, sizes]` with the number of windows along each axis."""
        sizes, pads = self.sizes(*inputs), self.pads(*inputs)
        # One window for each step that begins inside: what `same` makes.
        room = [size - 1 for size in sizes]
        if pads:
            axes = zip(sizes, *pads, self.extents, strict=True)
            room = [size + before + after - extent for size, before, after, extent in axes]
        made = [r // stride + 1 for r, stride in zip(room, self.strides, strict=True)]
        return inputs[0].with_example(inputs[0].example[0], *made)

    def summary(self) -> str:
        """Returns the window and, where it is not 1, the stride."""
        return window_text(self.kernel, self.strides)


class Pooling(Windowed):
    """The base of pooling over windows that may hang over the edge."""

    moves: ClassVar[bool] = True

    padding: Padding = Field(
        default=0,
        description="what is added on each side, at most half a window; `same` makes "
        "ceil(size / stride) windows, an odd pixel padded at the end, as in TensorFlow; "
        "`valid` adds nothing",
    )

    @model_validator(mode="after")
    def _padding_fits(self) -> Self:
        # Beyond half a window, a window could hold nothing but padding.
        for k, p in zip(self.kernel, self.amounts, strict=True):
            if 2 * p > k:
                raise ValueError(f"padding {p} is more than half of kernel_size {k}")
        return self

    def pads(self, *inputs: TensorType) -> Pads | None:
        """Returns what is added on each side, unless only the input's size at run time says.

        Raises:
            OperatorError: ONNX Runtime cannot pad an input of unknown size like that.
        """
        if self.padding != "same":
            return Pads(self.amounts, self.amounts)
        return same_pads(self.sizes(*inputs), self.kernel, self.strides)

    def torch_padding(self, *inputs: TensorType) -> int | tuple[int, ...] | None:
        """Returns the padding that torch's own module takes, if that is enough."""
        if self.padding == "same":
            pads = self.pads(*inputs)
            return pads.before if pads and pads.before == pads.after else None
        return 0 if self.padding == "valid" else self.padding

    @property
    def amounts(self) -> tuple[int, ...]:
        """The amounts that are given as numbers."""
        return per_axis(0 if isinstance(self.padding, str) else self.padding, self.axes)


class RoundingPooling(Pooling):
    """The base of pooling that can round the number of windows up."""

    ceil_mode: bool = Field(
        default=False,
        description="whether the number of windows is rounded up, as in Caffe; a last window "
        "may then hang over the end if it begins inside the input or the padding before it",
    )

    @property
    def rounds_up(self) -> bool:
        """Whether a window may hang over the end; `same` leaves nothing to round."""
        return self.ceil_mode and self.padding != "same"

    def pads(self, *inputs: TensorType) -> Pads | None:
        """Returns what is added on each side; at the end, what holds the windows torch counts.

        Rounding up, torch counts `min(ceil((size + 2p - k) / s) + 1, ceil((size + p) / s))`
        windows. Both terms are `floor((size + p + e - k) / s) + 1`, with `e = p + s - 1` and
        `e = k - 1`, so the smaller `e` decides for every size, known or not.
        """
        made = super().pads(*inputs)
        if made is None or not self.rounds_up:
            return made
        axes = zip(made.before, self.strides, self.extents, strict=True)
        return Pads(made.before, tuple(min(p + stride, e) - 1 for p, stride, e in axes))
