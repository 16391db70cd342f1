"""Normalisations with a learnt scale and shift for each channel."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Constant, OnnxOperand, Weight
from archspec.ir.op import Param, PositiveNumber
from archspec.ir.types import TensorType
from archspec.ops.base.channels import channel_count
from archspec.ops.base.same_shape import SameShape


class ChannelNorm(SameShape):
    """The base of normalisations that learn `weight` and `bias`, each `[C]`."""

    keras_fields: ClassVar[Mapping[str, str]] = {"epsilon": "eps"}

    eps: PositiveNumber = Field(default=1e-5, description="added to the variance")
    affine: bool = Field(default=True, description="whether scale and shift are learnt")

    def learnt(self) -> tuple[str, ...]:
        """Returns which of `weight` and `bias` there are."""
        return ("weight", "bias") if self.affine else ()

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns scale and shift `[C]`."""
        return dict.fromkeys(self.learnt(), Param((channel_count(inputs[0]),)))

    def scale_and_shift(self, *inputs: TensorType) -> list[OnnxOperand]:
        """Returns `weight` and `bias` for ONNX, which asks for both."""
        channels = channel_count(inputs[0])
        return [
            Weight(name) if name in self.learnt() else Constant([neutral] * channels, "float32")
            for name, neutral in (("weight", 1.0), ("bias", 0.0))
        ]


def running_statistics(channels: int) -> dict[str, Param]:
    """Returns what is measured while training: mean and variance `[C]`, and how often."""
    return {
        "running_mean": Param((channels,), "statistic"),
        "running_var": Param((channels,), "statistic"),
        "num_batches_tracked": Param((), "counter"),
    }


RUNNING: list[OnnxOperand] = [Weight("running_mean"), Weight("running_var")]
"""The running statistics for ONNX."""
