"""1-D transposed convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.transposed_convolution import TransposedConvolution


class ConvTranspose1d(TransposedConvolution):
    """Lengthens a sequence `[C, L]` with learnt kernels (`torch.nn.ConvTranspose1d`)."""

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = (
        "[C, L] → [out_channels, L'] with "
        "L' = (L - 1)*stride - 2*padding + dilation*(kernel_size - 1) + output_padding + 1, "
        "or L*stride if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("Conv1DTranspose",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_channels": 8, "kernel_size": 2, "stride": 2}, ((4, "T"),)),
        Example(
            {
                "out_channels": 3,
                "kernel_size": 3,
                "stride": 2,
                "padding": 1,
                "output_padding": 1,
                "groups": 3,
                "bias": False,
            },
            ((6, "T"),),
        ),
        Example({"out_channels": 3, "kernel_size": 5, "stride": 2, "padding": "same"}, ((2, "T"),)),
        Example({"out_channels": 3, "kernel_size": 2, "dilation": 3, "padding": "same"}, ((2, 9),)),
    )
