"""2-D depthwise convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.depthwise_convolution import DepthwiseConvolution


class DepthwiseConv2d(DepthwiseConvolution):
    """Convolves each channel of an image `[C, H, W]` on its own (Sifre 2014; MobileNet).

    The same as `conv2d` with as many groups as channels.
    """

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [C*depth_multiplier, H', W'] with "
        "H' = floor((H + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(H / stride) if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("DepthwiseConv2D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 3, "padding": 1}, ((32, 14, 14),)),
        Example(
            {"kernel_size": (3, 5), "stride": 2, "padding": "same", "depth_multiplier": 2},
            ((3, "H", "W"),),
        ),
        Example(
            {"kernel_size": 3, "dilation": 2, "padding": "same", "bias": False},
            ((4, 9, "W"),),
        ),
        Example(
            {"kernel_size": 3, "padding": 1, "padding_mode": "reflect"},
            ((2, "H", 7),),
        ),
    )
