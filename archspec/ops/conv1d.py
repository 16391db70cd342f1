"""1-D convolution."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.convolution import Convolution


class Conv1d(Convolution):
    """Convolves a sequence `[C, L]` with learnt kernels, as `torch.nn.Conv1d` does."""

    axes: ClassVar[int] = 1
    shape_rule: ClassVar[str] = (
        "[C, L] → [out_channels, L'] with "
        "L' = floor((L + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, "
        "or ceil(L / stride) if padding is same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("Conv1D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_channels": 8, "kernel_size": 3, "padding": 1}, ((2, "T"),)),
        Example(
            {"out_channels": 6, "kernel_size": 4, "padding": "same", "groups": 2, "bias": False},
            ((4, "T"),),
        ),
        Example({"out_channels": 3, "kernel_size": 4, "padding": "same", "stride": 3}, ((2, "T"),)),
        Example(
            {"out_channels": 3, "kernel_size": (3,), "dilation": 2, "padding_mode": "circular"},
            ((2, 9),),
        ),
    )
