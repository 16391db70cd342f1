"""2-D max pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import Field, model_validator

from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Kernel2d, Operator, Padding2d, pair, require_rank, window_text
from archspec.ir.pooling import check_padding, pooled_size
from archspec.ir.types import TensorType


class MaxPool2d(Operator):
    """Takes the largest value of each window, as `torch.nn.MaxPool2d` does.

    Padding counts as minus infinity. With `ceil_mode` a last window may hang over the
    end, as in Caffe, if it starts inside the input or the padding before it.
    """

    primary: ClassVar[str] = "kernel_size"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 8, 9),)),
        Example({"kernel_size": 3, "stride": 2, "padding": 1}, ((2, "H", "W"),)),
        Example({"kernel_size": 3, "stride": 2, "ceil_mode": True}, ((2, 12, "W"),)),
        Example({"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, ((2, 6, 8),)),
        Example({"kernel_size": (3, 2), "stride": (1, 2), "dilation": (2, 1)}, ((1, 9, 8),)),
    )

    kernel_size: Kernel2d = Field(description="height and width of the window")
    stride: Kernel2d | None = Field(
        default=None, description="step between two windows; the kernel size if left out"
    )
    padding: Padding2d = Field(default=0, description="padding on each side, at most half a kernel")
    dilation: Kernel2d = Field(default=1, description="step between two elements of the window")
    ceil_mode: bool = Field(default=False, description="whether sizes are rounded up")

    @model_validator(mode="after")
    def _padding_fits(self) -> Self:
        check_padding(self.kernel_size, self.padding)
        return self

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, H', W']`."""
        channels, *sizes = require_rank(inputs[0], 3, "an image [channels, height, width]")
        made = [
            pooled_size(size, k, s, p, d, ceil_mode=self.ceil_mode)
            for size, k, s, p, d in zip(sizes, *self._per_axis(), strict=True)
        ]
        return inputs[0].with_example(channels, *made)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.MaxPool2d`."""
        return TorchModule("torch.nn.MaxPool2d", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `MaxPool`."""
        kernel, stride, padding, dilation = self._per_axis()
        attributes = {
            "kernel_shape": kernel,
            "strides": stride,
            "pads": padding * 2,
            "dilations": dilation,
            "ceil_mode": int(self.ceil_mode),
        }
        return [OnnxNode("MaxPool", [Input(0)], attributes)]

    def summary(self) -> str:
        """Returns the window and, where it is not 1, the stride."""
        return window_text(self.kernel_size, self.stride or self.kernel_size)

    def _per_axis(self) -> tuple[tuple[int, int], ...]:
        stride = self.stride or self.kernel_size
        return tuple(map(pair, (self.kernel_size, stride, self.padding, self.dilation)))
