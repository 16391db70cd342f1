"""3-D transposed convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.transposed_convolution import TransposedConvolution


class ConvTranspose3d(TransposedConvolution):
    """Enlarges a volume `[C, D, H, W]` with learnt kernels (`torch.nn.ConvTranspose3d`)."""

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = (
        "[C, D, H, W] → [out_channels, D', H', W'] with "
        "D' = (D - 1)*stride - 2*padding + dilation*(kernel_size - 1) + output_padding + 1, "
        "or D*stride if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("Conv3DTranspose",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_channels": 4, "kernel_size": 2, "stride": 2}, ((8, 4, 5, 6),)),
        Example(
            {
                "out_channels": 4,
                "kernel_size": (3, 1, 2),
                "stride": (2, 1, 1),
                "padding": (1, 0, 0),
                "output_padding": (1, 0, 0),
                "dilation": (1, 1, 2),
                "groups": 2,
                "bias": False,
            },
            ((2, "D", 5, "W"),),
        ),
        Example(
            {"out_channels": 2, "kernel_size": 3, "stride": (2, 1, 3), "padding": "same"},
            ((2, 3, "H", 4),),
        ),
    )
