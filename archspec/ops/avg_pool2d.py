"""2-D average pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import Field, model_validator

from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Kernel2d, Operator, Padding2d, pair, require_rank, window_text
from archspec.ir.pooling import check_padding, end_padding, pooled_size
from archspec.ir.types import TensorType


class AvgPool2d(Operator):
    """Takes the mean of each window, as `torch.nn.AvgPool2d` does.

    With `ceil_mode` a last window may hang over the end, as in Caffe; the part beyond the
    padding never counts.
    """

    primary: ClassVar[str] = "kernel_size"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 8, 9),)),
        Example({"kernel_size": 5, "stride": 3}, ((2, "H", "W"),)),
        Example({"kernel_size": 3, "stride": 1, "padding": 1}, ((2, 5, 7),)),
        Example(
            {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False},
            ((2, 5, 7),),
        ),
        Example({"kernel_size": 3, "stride": 2, "ceil_mode": True}, ((2, 12, "W"),)),
        Example({"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, ((2, "H", "W"),)),
        Example(
            {
                "kernel_size": 3,
                "stride": 2,
                "padding": 1,
                "ceil_mode": True,
                "count_include_pad": False,
            },
            ((2, "H", "W"),),
        ),
        Example(
            {"kernel_size": (4, 3), "stride": 2, "padding": (2, 1), "ceil_mode": True},
            ((2, 9, 12),),
        ),
    )

    kernel_size: Kernel2d = Field(description="height and width of the window")
    stride: Kernel2d | None = Field(
        default=None, description="step between two windows; the kernel size if left out"
    )
    padding: Padding2d = Field(default=0, description="zeros on each side, at most half a kernel")
    ceil_mode: bool = Field(default=False, description="whether sizes are rounded up")
    count_include_pad: bool = Field(
        default=True, description="whether padding counts in the mean (torch) or not (TensorFlow)"
    )

    @model_validator(mode="after")
    def _padding_fits(self) -> Self:
        check_padding(self.kernel_size, self.padding)
        return self

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, H', W']`."""
        channels, *sizes = require_rank(inputs[0], 3, "an image [channels, height, width]")
        made = [
            pooled_size(size, k, s, p, ceil_mode=self.ceil_mode)
            for size, k, s, p in zip(sizes, *self._per_axis(), strict=True)
        ]
        return inputs[0].with_example(channels, *made)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.AvgPool2d`."""
        return TorchModule("torch.nn.AvgPool2d", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `AveragePool`, after a `Pad` where only a part of the padding counts.

        `ceil_mode` is said as padding at the end, because opsets differ in what it means;
        that padding never counts, so padding that does is made part of the input.
        """
        kernel, stride, padding = self._per_axis()
        end = tuple(
            end_padding(*axis, ceil_mode=self.ceil_mode)
            for axis in zip(kernel, stride, padding, strict=True)
        )
        attributes = {
            "kernel_shape": kernel,
            "strides": stride,
            "count_include_pad": int(self.count_include_pad and not self.ceil_mode),
        }
        if not (self.ceil_mode and self.count_include_pad):
            return [OnnxNode("AveragePool", [Input(0)], attributes | {"pads": padding + end})]
        padded = Local("padded")
        rest = tuple(e - p for e, p in zip(end, padding, strict=True))
        return [
            OnnxNode("Pad", [Input(0), Constant((0, 0, *padding) * 2, "int64")], {}, [padded]),
            OnnxNode("AveragePool", [padded], attributes | {"pads": (0, 0, *rest)}),
        ]

    def summary(self) -> str:
        """Returns the window and, where it is not 1, the stride."""
        return window_text(self.kernel_size, self.stride or self.kernel_size)

    def _per_axis(self) -> tuple[tuple[int, int], ...]:
        stride = self.stride or self.kernel_size
        return tuple(map(pair, (self.kernel_size, stride, self.padding)))
