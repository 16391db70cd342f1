"""2-D transposed convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.transposed_convolution import TransposedConvolution


class ConvTranspose2d(TransposedConvolution):
    """Enlarges an image `[C, H, W]` with learnt kernels, as `torch.nn.ConvTranspose2d` does.

    It is the gradient of the convolution with the same fields (Dumoulin and Visin 2016, "A
    guide to convolution arithmetic", chapter 4).
    """

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [out_channels, H', W'] with "
        "H' = (H - 1)*stride - 2*padding + dilation*(kernel_size - 1) + output_padding + 1, "
        "or H*stride if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("Conv2DTranspose",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_channels": 8, "kernel_size": 2, "stride": 2}, ((16, 14, 14),)),
        Example(
            {
                "out_channels": 4,
                "kernel_size": (3, 4),
                "stride": (2, 3),
                "padding": (1, 2),
                "output_padding": (1, 0),
                "groups": 2,
                "bias": False,
            },
            ((6, "H", "W"),),
        ),
        Example(
            {"out_channels": 4, "kernel_size": 3, "stride": 2, "dilation": 2, "output_padding": 1},
            ((2, 5, "W"),),
        ),
        Example(
            {"out_channels": 4, "kernel_size": (3, 4), "stride": 2, "padding": "same"},
            ((2, "H", "W"),),
        ),
        Example(
            {"out_channels": 4, "kernel_size": (4, 2), "stride": (2, 3), "padding": "same"},
            ((2, "H", "W"),),
        ),
        Example(
            {"out_channels": 4, "kernel_size": (3, 2), "stride": (2, 3), "padding": "valid"},
            ((2, 5, "W"),),
        ),
    )
