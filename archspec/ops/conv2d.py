"""2-D convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.convolution import Convolution


class Conv2d(Convolution):
    """Convolves an image `[C, H, W]` with learnt kernels, as `torch.nn.Conv2d` does.

    Output size: `floor((size + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1`
    (Dumoulin and Visin 2016, "A guide to convolution arithmetic"); with `padding: same` it is
    `ceil(size / stride)`, as in TensorFlow.
    """

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [out_channels, H', W'] with "
        "H' = floor((H + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(H / stride) if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("Conv2D",)
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
        Example(
            {"out_channels": 4, "kernel_size": (3, 4), "padding": "same", "dilation": (3, 1)},
            ((2, "H", "W"),),
        ),
        Example(
            {"out_channels": 4, "kernel_size": (3, 5), "padding": "same", "stride": (3, 2)},
            ((2, "H", "W"),),
        ),
        Example({"out_channels": 4, "kernel_size": 3, "padding": "valid"}, ((2, 5, 7),)),
        Example(
            {
                "out_channels": 4,
                "kernel_size": (4, 3),
                "padding": "same",
                "padding_mode": "reflect",
            },
            ((2, "H", "W"),),
        ),
        Example(
            {
                "out_channels": 4,
                "kernel_size": 3,
                "stride": 2,
                "padding": (2, 1),
                "padding_mode": "replicate",
            },
            ((2, 7, "W"),),
        ),
        Example(
            {"out_channels": 4, "kernel_size": 3, "padding": 2, "padding_mode": "circular"},
            ((2, "H", 7),),
        ),
    )
