"""2-D depthwise separable convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.convolution import Convolution
from archspec.ops.base.depthwise_convolution import DepthwiseConvolution
from archspec.ops.base.separable_convolution import SeparableConvolution
from archspec.ops.conv2d import Conv2d
from archspec.ops.depthwise_conv2d import DepthwiseConv2d


class SeparableConv2d(SeparableConvolution):
    """Convolves each channel of an image on its own, then mixes the channels (Chollet 2017).

    The parts are `depthwise` without and `pointwise` with the bias, as in Keras.
    """

    axes: ClassVar[int] = 2
    depthwise: ClassVar[type[DepthwiseConvolution]] = DepthwiseConv2d
    pointwise: ClassVar[type[Convolution]] = Conv2d
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [out_channels, H', W'] with "
        "H' = floor((H + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(H / stride) if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("SeparableConv2D", "SeparableConvolution2D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_channels": 64, "kernel_size": 3, "padding": 1}, ((32, 14, 14),)),
        Example(
            {
                "out_channels": 5,
                "kernel_size": (3, 4),
                "stride": 2,
                "padding": "same",
                "depth_multiplier": 2,
                "bias": False,
            },
            ((3, "H", "W"),),
        ),
        Example({"out_channels": 4, "kernel_size": 3, "dilation": (1, 2)}, ((2, 9, "W"),)),
    )
