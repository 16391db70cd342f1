"""Depthwise separable convolution over one or two axes."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.composite import Composite, Part
from archspec.ir.op import Positive
from archspec.ir.types import TensorType
from archspec.ops.base.convolution import Convolution
from archspec.ops.base.depthwise_convolution import DepthwiseConvolution
from archspec.ops.base.kernel import KernelOperator


class SeparableConvolution(KernelOperator, Composite):
    """The base of `separable_conv1d` and `separable_conv2d`.

    Attributes:
        depthwise: The operator that convolves each channel.
        pointwise: The operator that mixes the channels.
    """

    primary: ClassVar[str] = "out_channels"
    keras_fields: ClassVar[Mapping[str, str]] = Convolution.keras_fields
    depthwise: ClassVar[type[DepthwiseConvolution]]
    pointwise: ClassVar[type[Convolution]]

    out_channels: Positive = Field(description="number of output channels")
    depth_multiplier: Positive = Field(
        default=1, description="channels between the two convolutions for each input channel"
    )

    def parts(self, *inputs: TensorType) -> Sequence[Part]:
        """Returns a depthwise convolution without bias and a pointwise one."""
        depthwise = self.depthwise(
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            depth_multiplier=self.depth_multiplier,
            bias=False,
        )
        pointwise = self.pointwise(out_channels=self.out_channels, kernel_size=1, bias=self.bias)
        return [
            Part("depthwise", depthwise, self.input_names),
            Part("pointwise", pointwise, ("depthwise",)),
        ]
