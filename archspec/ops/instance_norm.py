"""Instance normalisation."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.dim import product
from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, OperatorError, Param, Share
from archspec.ir.types import TensorType
from archspec.ops.base.channel_norm import RUNNING, ChannelNorm, running_statistics
from archspec.ops.base.channels import channel_count


class InstanceNorm(ChannelNorm):
    """Normalises each channel of each example by itself (Ulyanov et al. 2016).

    Takes `[C, L]`, `[C, H, W]` or `[C, D, H, W]`, as torch's `InstanceNorm1d` to
    `InstanceNorm3d` do. As there, nothing is learnt unless `affine` is set.
    """

    shape_rule: ClassVar[str] = "[C, L], [C, H, W] or [C, D, H, W] → the same shape"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"),)),
        Example({"affine": True, "eps": 1e-3}, ((4, 7),)),
        Example({"track_running_stats": True, "momentum": 0.2}, ((3, "H", 4),)),
        Example({"affine": True, "track_running_stats": True}, ((2, 3, 4, 5),)),
        Example({"affine": True}, ((2, 3, 4, 5),)),
    )

    momentum: Share = Field(
        default=0.1, description="weight of a new batch in the running statistics, as in torch"
    )
    affine: bool = Field(default=False, description="whether scale and shift are learnt")
    track_running_stats: bool = Field(
        default=False, description="whether evaluation uses statistics measured while training"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        if not 2 <= len(inputs[0].example) <= 4:
            raise OperatorError(
                f"instance_norm takes two to four axes, but its input is {inputs[0]}",
                help="a vector has no positions to normalise over: use layer_norm",
            )
        if product(inputs[0].example[1:]) == 1:
            raise OperatorError(
                f"each channel of {inputs[0]} is one value, which would always become 0",
                help="put instance_norm before the pooling, or use layer_norm",
            )
        channel_count(inputs[0])
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns scale and shift `[C]`, and the running mean and variance `[C]`."""
        measured = running_statistics(channel_count(inputs[0])) if self.track_running_stats else {}
        return {**super().parameters(*inputs), **measured}

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.InstanceNorm1d`, `2d` or `3d`."""
        arguments = {"num_features": channel_count(inputs[0]), **self.model_dump()}
        return TorchModule(f"torch.nn.InstanceNorm{len(inputs[0].example) - 1}d", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `InstanceNormalization`, `BatchNormalization` with running statistics."""
        operands = [Input(0), *self.scale_and_shift(*inputs)]
        attributes = {"epsilon": self.eps}
        if self.track_running_stats:
            return [OnnxNode("BatchNormalization", [*operands, *RUNNING], attributes)]
        return [OnnxNode("InstanceNormalization", operands, attributes)]
