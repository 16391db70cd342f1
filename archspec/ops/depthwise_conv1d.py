"""1-D depthwise convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.depthwise_convolution import DepthwiseConvolution


class DepthwiseConv1d(DepthwiseConvolution):
    """Convolves each channel of a sequence `[C, L]` on its own.

    The same as `conv1d` with as many groups as channels.
    """

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = (
        "[C, L] → [C*depth_multiplier, L'] with "
        "L' = floor((L + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(L / stride) if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("DepthwiseConv1D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 3, "padding": "same"}, ((4, "T"),)),
        Example({"kernel_size": 4, "stride": 3, "padding": "same", "bias": False}, ((2, "T"),)),
        Example(
            {
                "kernel_size": 3,
                "dilation": 2,
                "padding": 2,
                "padding_mode": "circular",
                "depth_multiplier": 3,
            },
            ((2, 9),),
        ),
    )
