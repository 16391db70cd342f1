"""Batch normalisation."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, OperatorError, Param, Share
from archspec.ir.types import TensorType
from archspec.ops.base.channel_norm import RUNNING, ChannelNorm, running_statistics
from archspec.ops.base.channels import channel_count


class BatchNorm(ChannelNorm):
    """Normalises each channel over the batch (Ioffe and Szegedy 2015).

    Takes `[C]`, `[C, L]`, `[C, H, W]` or `[C, D, H, W]`, as torch's `BatchNorm1d` to
    `BatchNorm3d` do. Defaults are torch's; Keras's are an eps of 1e-3 and, in torch's
    terms, a momentum of 0.01.
    """

    shape_rule: ClassVar[str] = "[C], [C, L], [C, H, W] or [C, D, H, W] → the same shape"
    keras_names: ClassVar[tuple[str, ...]] = ("BatchNormalization",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"),)),
        Example({"eps": 1e-3, "momentum": 0.01}, ((6,),)),
        Example({"affine": False}, ((4, 7),)),
        Example({"scale": False}, ((3, "H", "W"),)),
        Example({"center": False}, ((4, 7),)),
        Example({}, ((2, 3, 4, 5),)),
    )

    momentum: Share = Field(
        default=0.1, description="weight of a new batch in the running statistics, as in torch"
    )
    scale: bool = Field(default=True, description="whether `affine` learns a scale, the `weight`")
    center: bool = Field(default=True, description="whether `affine` learns a shift, the `bias`")

    def learnt(self) -> tuple[str, ...]:
        """Returns `weight` with `scale` and `bias` with `center`, neither without `affine`."""
        wanted = {"weight": self.scale, "bias": self.center}
        return tuple(name for name in super().learnt() if wanted[name])

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        if not 1 <= len(inputs[0].example) <= 4:
            raise OperatorError(
                f"batch_norm takes one to four axes, but its input is {inputs[0]}",
                help="give it the channels, and up to three axes of positions",
            )
        channel_count(inputs[0])
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns scale and shift `[C]`, and the running mean and variance `[C]`."""
        return {**super().parameters(*inputs), **running_statistics(channel_count(inputs[0]))}

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.BatchNorm1d`, `2d` or `3d`, or a helper with only one of the two."""
        arguments = {"num_features": channel_count(inputs[0])}
        arguments |= self.model_dump(include={"eps", "momentum"})
        learnt = self.learnt()
        if len(learnt) == 1:
            arguments |= {"scale": self.scale, "center": self.center}
            return TorchModule("archspec.nn.batch_norm.PartialBatchNorm", arguments)
        axes = max(1, len(inputs[0].example) - 1)
        return TorchModule(f"torch.nn.BatchNorm{axes}d", arguments | {"affine": bool(learnt)})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `BatchNormalization` with the running statistics."""
        operands = [Input(0), *self.scale_and_shift(*inputs), *RUNNING]
        return [OnnxNode("BatchNormalization", operands, {"epsilon": self.eps})]
