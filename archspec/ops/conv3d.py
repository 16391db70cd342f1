"""3-D convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.convolution import Convolution


class Conv3d(Convolution):
    """Convolves a volume or video `[C, D, H, W]` with learnt kernels (`torch.nn.Conv3d`)."""

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = (
        "[C, D, H, W] → [out_channels, D', H', W'] with "
        "D' = floor((D + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(D / stride) if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("Conv3D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_channels": 4, "kernel_size": 3, "padding": 1}, ((1, 8, 9, 10),)),
        Example(
            {"out_channels": 4, "kernel_size": (1, 2, 3), "padding": "same", "stride": (1, 2, 2)},
            ((2, "D", "H", "W"),),
        ),
        Example(
            {
                "out_channels": 4,
                "kernel_size": (3, 1, 2),
                "padding": (2, 0, 0),
                "dilation": (2, 1, 1),
                "groups": 2,
                "bias": False,
                "padding_mode": "replicate",
            },
            ((2, 6, "H", 5),),
        ),
    )
