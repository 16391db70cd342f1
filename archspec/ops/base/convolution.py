"""Convolution over one, two or three axes."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from pydantic import Field, model_validator

from archspec.ir.dim import Size, product
from archspec.ir.lowering import (
    Input,
    OnnxNode,
    OnnxOperand,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Param, Positive
from archspec.ir.types import TensorType
from archspec.ops.base.kernel import Channels, KernelOperator, grouped, groups_text, in_channels
from archspec.ops.base.padding import (
    PaddingMode,
    Pads,
    Windows,
    check_mode,
    missed,
    padded_conv,
    pads,
    same_pads,
)


class SlidingKernel(KernelOperator):
    """The base of convolutions, whatever channels they connect."""

    mixes: ClassVar[int | None] = 1

    padding_mode: PaddingMode = Field(
        default="zeros",
        description="what is padded with: zeros, or the input's own values, mirrored without "
        "the edge (reflect), the edge's (replicate) or those at the other end (circular)",
    )

    @model_validator(mode="after")
    def _mode_is_sayable(self) -> Self:
        if self.padding == "same" and self.strided and self.padding_mode != "zeros":
            raise ValueError("padding: same with a stride takes padding_mode: zeros")
        return self

    def channels(self, *inputs: TensorType) -> Channels:
        """Returns the channels that it connects.

        Raises:
            OperatorError: The input does not have such channels.
        """
        raise NotImplementedError

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[out_channels, sizes]`."""
        sizes, amounts = self.sizes(*inputs), self._pads(*inputs)
        out_channels = self.channels(*inputs).out_channels
        if amounts is None:
            # A window for each step that begins inside.
            last = tuple(size - 1 for size in sizes)
        else:
            check_mode(self.padding_mode, amounts, sizes)
            last = tuple(
                size + before + after - extent
                for size, before, after, extent in zip(sizes, *amounts, self.extents, strict=True)
            )
        made = (start // stride + 1 for start, stride in zip(last, self.strides, strict=True))
        return inputs[0].with_example(out_channels, *made)

    def missed(self, *inputs: TensorType) -> tuple[int, ...]:
        """Returns how many of the last values along each axis no kernel reads."""
        windows = map(Windows, self.kernel, self.dilations, self.strides)
        return missed(self.sizes(*inputs), self._pads(*inputs), windows)

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` `[out, in/groups, kernel]` and, with `bias`, `bias` `[out]`."""
        into, out, groups = self.channels(*inputs)
        weight = {"weight": Param((out, into // groups, *self.kernel))}
        return weight | {"bias": Param((out,))} if self.bias else weight

    def macs(self, *inputs: TensorType) -> Size:
        """Returns one multiply-add per weight and output position."""
        positions = product(self.output(*inputs).example[1:])
        return product(self.parameters(*inputs)["weight"].shape) * positions

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns torch's module, or one that pads at run time where torch's cannot."""
        arguments = {
            **self.channels(*inputs)._asdict(),
            **self.model_dump(include={*SlidingKernel.model_fields}),
        }
        amounts = self._pads(*inputs)
        even = amounts is not None and amounts.before == amounts.after
        if amounts and even and self.padding == "same":
            arguments["padding"] = amounts.before
        if even or self.padding_mode != "zeros":
            return TorchModule(f"torch.nn.Conv{self.axes}d", arguments)
        del arguments["padding"], arguments["padding_mode"]
        return TorchModule(f"archspec.nn.same_convolution.SameConv{self.axes}d", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Conv`, after a `Pad` where the padding is not zeros."""
        attributes = {
            "kernel_shape": self.kernel,
            "strides": self.strides,
            "dilations": self.dilations,
            "group": self.channels(*inputs).groups,
        }
        names = self.parameters(*inputs)
        amounts = self._pads(*inputs)
        if amounts is None:
            operands: list[OnnxOperand] = [Input(0), *map(Weight, names)]
            return [OnnxNode("Conv", operands, attributes | {"auto_pad": "SAME_UPPER"})]
        return padded_conv(names, attributes, amounts, self.padding_mode)

    def _pads(self, *inputs: TensorType) -> Pads | None:
        """Returns the padding's amounts, unless only the input's size at run time says."""
        if self.padding == "same" and self.strided:
            return same_pads(self.sizes(*inputs), self.extents, self.strides)
        return pads(self.padding, self.extents)


class Convolution(SlidingKernel):
    """The base of `conv1d`, `conv2d` and `conv3d`."""

    primary: ClassVar[str] = "out_channels"
    keras_fields: ClassVar[Mapping[str, str]] = {
        "filters": "out_channels",
        **KernelOperator.keras_fields,
    }

    out_channels: Positive = Field(description="number of kernels, and so of output channels")
    groups: Positive = Field(default=1, description="blocks that the channels are divided into")

    def channels(self, *inputs: TensorType) -> Channels:
        """Returns the input's channels, `out_channels` and `groups`."""
        return grouped(in_channels(*inputs), self.out_channels, self.groups)

    def summary(self) -> str:
        """Returns the kernel, and the stride, dilation and groups where they are not 1."""
        return super().summary() + groups_text(self.groups)
