"""1-D depthwise separable convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.convolution import Convolution
from archspec.ops.base.depthwise_convolution import DepthwiseConvolution
from archspec.ops.base.separable_convolution import SeparableConvolution
from archspec.ops.conv1d import Conv1d
from archspec.ops.depthwise_conv1d import DepthwiseConv1d


class SeparableConv1d(SeparableConvolution):
    """Convolves each channel of a sequence on its own, then mixes the channels.

    The parts are `depthwise` without and `pointwise` with the bias, as in Keras.
    """

    axes: ClassVar[int] = 1
    depthwise: ClassVar[type[DepthwiseConvolution]] = DepthwiseConv1d
    pointwise: ClassVar[type[Convolution]] = Conv1d
    shape_rule: ClassVar[str] = (
        "[C, L] → [out_channels, L'] with "
        "L' = floor((L + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(L / stride) if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("SeparableConv1D", "SeparableConvolution1D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_channels": 8, "kernel_size": 3, "padding": "same"}, ((4, "T"),)),
        Example(
            {
                "out_channels": 5,
                "kernel_size": 4,
                "stride": 2,
                "padding": 1,
                "dilation": 2,
                "depth_multiplier": 3,
                "bias": False,
            },
            ((2, "T"),),
        ),
    )
