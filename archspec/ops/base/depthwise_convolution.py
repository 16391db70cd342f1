"""Depthwise convolution over one or two axes."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.op import Positive
from archspec.ir.types import TensorType
from archspec.ops.base.convolution import SlidingKernel
from archspec.ops.base.kernel import Channels, in_channels


class DepthwiseConvolution(SlidingKernel):
    """The base of `depthwise_conv1d` and `depthwise_conv2d`."""

    primary: ClassVar[str] = "kernel_size"

    depth_multiplier: Positive = Field(default=1, description="output channels of each channel")

    def channels(self, *inputs: TensorType) -> Channels:
        """Returns the input's channels, each a group of its own."""
        channels = in_channels(*inputs)
        return Channels(channels, channels * self.depth_multiplier, channels)
