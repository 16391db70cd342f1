"""Transposed convolution over one, two or three axes."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple, Self

from pydantic import Field, model_validator

from archspec.ir.dim import Size, product
from archspec.ir.lowering import Input, OnnxNode, OnnxOperand, TorchLowering, TorchModule, Weight
from archspec.ir.op import Param, Positive
from archspec.ir.types import TensorType
from archspec.ops.base.kernel import Channels, KernelOperator, grouped, groups_text, in_channels
from archspec.ops.base.window import Amounts, Padding, per_axis


class Crop(NamedTuple):
    """What is taken off the full output along one axis, and added at its end."""

    before: int
    after: int
    added: int


class TransposedConvolution(KernelOperator):
    """The base of `conv_transpose1d`, `conv_transpose2d` and `conv_transpose3d`."""

    mixes: ClassVar[int | None] = 1
    primary: ClassVar[str] = "out_channels"
    keras_fields: ClassVar[Mapping[str, str]] = {
        "filters": "out_channels",
        **KernelOperator.keras_fields,
    }

    out_channels: Positive = Field(description="number of output channels")
    padding: Padding = Field(
        default=0,
        description="what is taken off each side of the output; `same` makes it stride times as "
        "large as the input, and `valid` takes nothing off, both as in TensorFlow",
    )
    output_padding: Amounts = Field(
        default=0, description="what is added at the end of the output, less than the stride"
    )
    groups: Positive = Field(default=1, description="blocks that the channels are divided into")

    @model_validator(mode="after")
    def _output_padding_fits(self) -> Self:
        added = per_axis(self.output_padding, self.axes)
        if any(added) and isinstance(self.padding, str):
            raise ValueError(f"padding: {self.padding} decides the size, without output_padding")
        for amount, stride in zip(added, self.strides, strict=True):
            # torch takes as much as the dilation too, but ONNX Runtime does not.
            if amount >= stride:
                raise ValueError(f"output_padding {amount} must be less than stride {stride}")
        return self

    def channels(self, *inputs: TensorType) -> Channels:
        """Returns the input's channels, `out_channels` and `groups`."""
        return grouped(in_channels(*inputs), self.out_channels, self.groups)

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[out_channels, sizes]`."""
        sizes = self.sizes(*inputs)
        made = (
            (size - 1) * stride + extent - crop.before - crop.after + crop.added
            for size, stride, extent, crop in zip(
                sizes, self.strides, self.extents, self._crops, strict=True
            )
        )
        return inputs[0].with_example(self.channels(*inputs).out_channels, *made)

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` `[in, out/groups, kernel]` and, with `bias`, `bias` `[out]`."""
        into, out, groups = self.channels(*inputs)
        weight = {"weight": Param((into, out // groups, *self.kernel))}
        return weight | {"bias": Param((out,))} if self.bias else weight

    def macs(self, *inputs: TensorType) -> Size:
        """Returns one multiply-add per weight and input position."""
        return product(self.parameters(*inputs)["weight"].shape) * product(self.sizes(*inputs))

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns torch's module, or one that crops at the end where torch's cannot."""
        crops = self._crops
        arguments = {
            "in_channels": self.channels(*inputs).in_channels,
            **self.model_dump(),
            "padding": tuple(crop.before for crop in crops),
            "output_padding": tuple(crop.added for crop in crops),
        }
        module = f"ConvTranspose{self.axes}d"
        if all(crop.before == crop.after for crop in crops):
            return TorchModule(f"torch.nn.{module}", arguments)
        return TorchModule(f"archspec.nn.same_conv_transpose.Same{module}", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `ConvTranspose`."""
        before, after, added = zip(*self._crops, strict=True)
        attributes = {
            "kernel_shape": self.kernel,
            "strides": self.strides,
            "pads": before + after,
            "output_padding": added,
            "dilations": self.dilations,
            "group": self.groups,
        }
        operands: list[OnnxOperand] = [Input(0), *map(Weight, self.parameters(*inputs))]
        return [OnnxNode("ConvTranspose", operands, attributes)]

    def summary(self) -> str:
        """Returns the kernel, and the stride, dilation and groups where they are not 1."""
        return super().summary() + groups_text(self.groups)

    @property
    def _crops(self) -> list[Crop]:
        """What is cropped along each axis."""
        if not isinstance(self.padding, str):
            amounts = per_axis(self.padding, self.axes)
            return list(map(Crop, amounts, amounts, per_axis(self.output_padding, self.axes)))
        crops = []
        for extent, stride in zip(self.extents, self.strides, strict=True):
            surplus = extent - stride
            # Of the padding of the convolution that this one is the gradient of.
            cut = max(surplus, 0) if self.padding == "same" else 0
            crops.append(Crop(cut // 2, cut - cut // 2, max(-surplus, 0)))
        return crops
