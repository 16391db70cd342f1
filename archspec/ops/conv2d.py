"""2-D convolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.dim import Size, product
from archspec.ir.lowering import Input, OnnxNode, OnnxOperand, TorchLowering, TorchModule, Weight
from archspec.ir.op import (
    Example,
    Kernel2d,
    Operator,
    OperatorError,
    Padding2d,
    Param,
    Positive,
    known,
    pair,
    require_rank,
    window_text,
)
from archspec.ir.types import TensorType


class Conv2d(Operator):
    """Convolves an image `[C, H, W]` with learnt kernels, as `torch.nn.Conv2d` does.

    Output size: `floor((size + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1`
    (Dumoulin and Visin 2016, "A guide to convolution arithmetic").
    """

    primary: ClassVar[str] = "out_channels"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_channels": 6, "kernel_size": 5}, ((1, 32, 32),)),
        Example(
            {"out_channels": 4, "kernel_size": (3, 5), "stride": (2, 1), "padding": (1, 2)},
            ((3, "H", "W"),),
        ),
        Example(
            {"out_channels": 6, "kernel_size": 3, "dilation": 2, "groups": 3, "bias": False},
            ((3, 9, 11),),
        ),
    )

    out_channels: Positive = Field(description="number of kernels, and so of output channels")
    kernel_size: Kernel2d = Field(description="height and width of the kernels")
    stride: Kernel2d = Field(default=1, description="step between two positions of the kernel")
    padding: Padding2d = Field(default=0, description="zeros added on each side")
    dilation: Kernel2d = Field(default=1, description="step between two elements of the kernel")
    groups: Positive = Field(default=1, description="blocks that the channels are divided into")
    bias: bool = Field(default=True, description="whether a learnt bias is added")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[out_channels, H', W']`."""
        channels, *sizes = require_rank(inputs[0], 3, "an image [channels, height, width]")
        channels = known(channels, "the number of input channels")
        for name, count in (("input channels", channels), ("out_channels", self.out_channels)):
            if count % self.groups:
                raise OperatorError(
                    f"{count} {name} cannot be divided into groups: {self.groups}",
                    help=f"groups must divide both {channels} and {self.out_channels}",
                )
        made = [
            (size + 2 * p - d * (k - 1) - 1) // s + 1
            for size, k, s, p, d in zip(sizes, *self._per_axis(), strict=True)
        ]
        return inputs[0].with_example(self.out_channels, *made)

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` `[out, in/groups, kh, kw]` and, with `bias`, `bias` `[out]`."""
        channels = known(inputs[0].example[0], "the number of input channels")
        shape = (self.out_channels, channels // self.groups, *pair(self.kernel_size))
        weight = {"weight": Param(shape)}
        return weight | {"bias": Param((self.out_channels,))} if self.bias else weight

    def macs(self, *inputs: TensorType) -> Size:
        """Returns one multiply-add per weight and output position."""
        positions = product(self.output(*inputs).example[1:])
        return product(self.parameters(*inputs)["weight"].shape) * positions

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.Conv2d`."""
        channels = inputs[0].example[0]
        return TorchModule("torch.nn.Conv2d", {"in_channels": channels, **self.model_dump()})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Conv`."""
        kernel, stride, padding, dilation = self._per_axis()
        attributes = {
            "kernel_shape": kernel,
            "strides": stride,
            "pads": padding * 2,
            "dilations": dilation,
            "group": self.groups,
        }
        operands: list[OnnxOperand] = [Input(0), *map(Weight, self.parameters(*inputs))]
        return [OnnxNode("Conv", operands, attributes)]

    def summary(self) -> str:
        """Returns the kernel and, where it is not 1, the stride."""
        return window_text(self.kernel_size, self.stride)

    def _per_axis(self) -> tuple[tuple[int, int], ...]:
        return tuple(map(pair, (self.kernel_size, self.stride, self.padding, self.dilation)))
