"""2-D max pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import Field, model_validator

from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Kernel2d, Operator, Padding2d, pair, require_rank, window_text
from archspec.ir.pooling import check_padding, end_padding, pooled_size
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
        Example({"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, ((2, 6, "W"),)),
        Example({"kernel_size": (3, 2), "stride": (1, 2), "dilation": (2, 1)}, ((1, 9, 8),)),
        Example(
            {"kernel_size": 2, "stride": 3, "dilation": 3, "ceil_mode": True}, ((1, "H", "W"),)
        ),
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
        """Returns `MaxPool`; `ceil_mode` is said as padding, because opsets differ about it.

        ONNX Runtime takes less padding than the kernel has elements. A dilated window can
        need more, which `Pad` then gives.
        """
        kernel, stride, padding, dilation = self._per_axis()
        end = tuple(
            end_padding(*axis, ceil_mode=self.ceil_mode)
            for axis in zip(kernel, stride, padding, dilation, strict=True)
        )
        attributes = {"kernel_shape": kernel, "strides": stride, "dilations": dilation}
        if all(e < k for e, k in zip(end, kernel, strict=True)):
            return [OnnxNode("MaxPool", [Input(0)], attributes | {"pads": padding + end})]
        padded = Local("padded")
        amounts = Constant((0, 0, 0, 0, 0, 0, *end), "int64")
        return [
            OnnxNode("Pad", [Input(0), amounts, Constant(-math.inf, "float32")], {}, [padded]),
            OnnxNode("MaxPool", [padded], attributes | {"pads": (*padding, 0, 0)}),
        ]

    def summary(self) -> str:
        """Returns the window and, where it is not 1, the stride."""
        return window_text(self.kernel_size, self.stride or self.kernel_size)

    def _per_axis(self) -> tuple[tuple[int, int], ...]:
        stride = self.stride or self.kernel_size
        return tuple(map(pair, (self.kernel_size, stride, self.padding, self.dilation)))
