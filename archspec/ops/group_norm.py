"""Group normalisation."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.dim import product
from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    Output,
    TorchLowering,
    TorchModule,
)
from archspec.ir.op import Example, OperatorError, Positive
from archspec.ir.types import TensorType
from archspec.ops.base.channel_norm import ChannelNorm
from archspec.ops.base.channels import channel_count, per_channel


class GroupNorm(ChannelNorm):
    """Normalises groups of neighbouring channels of each example (Wu and He 2018)."""

    primary: ClassVar[str] = "num_groups"
    shape_rule: ClassVar[str] = "[C, ...] → [C, ...], where num_groups divides C"
    keras_names: ClassVar[tuple[str, ...]] = ("GroupNormalization",)
    keras_fields: ClassVar[Mapping[str, str]] = {"groups": "num_groups", "epsilon": "eps"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"num_groups": 2}, ((6, "H", "W"),)),
        Example({"num_groups": 3, "affine": False, "eps": 1e-3}, ((6, 7),)),
        Example({"num_groups": 2}, ((6,),)),
    )

    num_groups: Positive = Field(description="groups that the channels are divided into")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        channels = channel_count(inputs[0])
        if channels % self.num_groups:
            raise OperatorError(
                f"{channels} channels cannot be divided into num_groups: {self.num_groups}",
                help=f"num_groups must divide {channels}",
            )
        if product(inputs[0].example) == self.num_groups:
            raise OperatorError(
                f"each group of {inputs[0]} is one value, which would always become 0",
                help=f"use fewer groups than {self.num_groups}",
            )
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.GroupNorm`."""
        arguments = {"num_channels": channel_count(inputs[0]), **self.model_dump()}
        return TorchModule("torch.nn.GroupNorm", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `InstanceNormalization` of the groups, then `Mul` and `Add`.

        `GroupNormalization` itself scales groups in opset 20 and channels in 21.
        """
        groups, normal, shape, scaled = map(Local, ("groups", "normal", "shape", "scaled"))
        ones, zeros = (Constant([v] * self.num_groups, "float32") for v in (1.0, 0.0))
        grouping = Constant((0, self.num_groups, -1), "int64")
        whole = Local("whole") if self.affine else Output(0)
        nodes = [
            OnnxNode("Reshape", [Input(0), grouping], outputs=[groups]),
            OnnxNode(
                "InstanceNormalization", [groups, ones, zeros], {"epsilon": self.eps}, [normal]
            ),
            OnnxNode("Shape", [Input(0)], outputs=[shape]),
            OnnxNode("Reshape", [normal, shape], outputs=[whole]),
        ]
        if isinstance(whole, Local):
            weight, to_weight = per_channel("weight", inputs[0])
            bias, to_bias = per_channel("bias", inputs[0])
            nodes += [
                to_weight,
                OnnxNode("Mul", [whole, weight], outputs=[scaled]),
                to_bias,
                OnnxNode("Add", [scaled, bias]),
            ]
        return nodes
