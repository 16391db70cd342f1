"""Mixing of channels between groups."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Constant, Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator, OperatorError, Positive, known
from archspec.ir.types import TensorType


class ChannelShuffle(Operator):
    """Deals the channels of each group out to all (ShuffleNet, Zhang et al. 2017).

    As `torch.nn.ChannelShuffle` does: six channels in two groups become 0, 3, 1, 4, 2, 5.
    """

    primary: ClassVar[str] = "groups"
    shape_rule: ClassVar[str] = "[C, *] → [C, *]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"groups": 2}, ((6, "H", "W"),)),
        Example({"groups": 3}, ((12, 5),)),
    )

    groups: Positive = Field(description="number of groups, which divide the channels")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        if len(inputs[0].example) < 2:
            raise OperatorError(
                f"channel_shuffle takes channels and at least one more axis, not {inputs[0]}",
                help="give it a feature map [channels, height, width]",
            )
        channels = known(inputs[0].example[0], "the number of channels")
        if channels % self.groups:
            raise OperatorError(
                f"{channels} channels cannot be divided into groups: {self.groups}",
                help=f"groups must divide {channels}",
            )
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.ChannelShuffle`."""
        return TorchModule("torch.nn.ChannelShuffle", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Gather` of the channels in their new order."""
        width = known(inputs[0].example[0], "the number of channels") // self.groups
        order = [group * width + c for c in range(width) for group in range(self.groups)]
        return [OnnxNode("Gather", [Input(0), Constant(order, "int64")], {"axis": 1})]

    def summary(self) -> str:
        """Returns the number of groups."""
        return f"{self.groups} groups"
