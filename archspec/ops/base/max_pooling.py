"""Max pooling over one, two or three axes, and min pooling as its mirror image."""

import math
from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import Field, model_validator

from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    OnnxOperand,
    Output,
    TorchLowering,
    TorchModule,
)
from archspec.ir.types import TensorType
from archspec.ops.base.pooling import RoundingPooling
from archspec.ops.base.window import PerAxis, per_axis


class ExtremePooling(RoundingPooling):
    """The base of max and min pooling."""

    dilation: PerAxis = Field(default=1, description="step between two elements of the window")

    @model_validator(mode="after")
    def _same_is_dense(self) -> Self:
        # Neither Keras nor ONNX Runtime has it, so there is nothing to agree with.
        if self.padding == "same" and max(self.dilations) > 1:
            raise ValueError("padding: same does not take a dilation")
        return self

    @property
    def dilations(self) -> tuple[int, ...]:
        """The dilation along each axis."""
        return per_axis(self.dilation, self.axes)

    @property
    def extents(self) -> tuple[int, ...]:
        """How far a dilated window reaches along each axis."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    def torch_arguments(self, *inputs: TensorType) -> Mapping[str, object] | None:
        """Returns the arguments of torch's max pooling, if that can say it."""
        padding = self.torch_padding(*inputs)
        if padding is None:
            return None
        return {**self.model_dump(), "padding": padding, "ceil_mode": self.rounds_up}

    def max_pool(
        self, source: OnnxOperand, made: Local | Output, *inputs: TensorType
    ) -> list[OnnxNode]:
        """Returns `MaxPool`; `ceil_mode` is said as padding, because opsets differ about it.

        ONNX Runtime takes less padding than the kernel has elements. A dilated window can
        need more, which `Pad` then gives.
        """
        pads = self.pads(*inputs)
        attributes: dict[str, object] = {
            "kernel_shape": self.kernel,
            "strides": self.strides,
            "dilations": self.dilations,
        }
        if pads is None:
            attributes["auto_pad"] = "SAME_UPPER"
        elif all(after < k for after, k in zip(pads.after, self.kernel, strict=True)):
            attributes["pads"] = pads.before + pads.after
        else:
            padded = Local("padded")
            amounts = Constant((0, 0, *pads.before, 0, 0, *pads.after), "int64")
            return [
                OnnxNode("Pad", [source, amounts, Constant(-math.inf, "float32")], {}, [padded]),
                OnnxNode("MaxPool", [padded], attributes, [made]),
            ]
        return [OnnxNode("MaxPool", [source], attributes, [made])]


class MaxPooling(ExtremePooling):
    """The base of `max_pool1d`, `max_pool2d` and `max_pool3d`."""

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns torch's module, or one that pads at run time where torch's cannot."""
        arguments = self.torch_arguments(*inputs)
        if arguments is not None:
            return TorchModule(f"torch.nn.MaxPool{self.axes}d", arguments)
        return TorchModule(
            "archspec.nn.same_pooling.SameMaxPool",
            {"kernel_size": self.kernel, "stride": self.strides},
        )

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `MaxPool`, after a `Pad` where ONNX Runtime asks for one."""
        return self.max_pool(Input(0), Output(0), *inputs)
