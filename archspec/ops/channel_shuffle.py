"""Mixing of channels between groups."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.composite import Composite, Part
from archspec.ir.op import Example, OperatorError, Positive, known
from archspec.ir.types import TensorType
from archspec.ops.select import Select


class ChannelShuffle(Composite):
    """Deals the channels of each group out to all (ShuffleNet, Zhang et al. 2017).

    As `torch.nn.ChannelShuffle` does: six channels in two groups become 0, 3, 1, 4, 2, 5.
    It is a `select` of the channels in their new order.
    """

    primary: ClassVar[str] = "groups"
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[C, *] → [C, *]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"groups": 2}, ((6, "H", "W"),)),
        Example({"groups": 3}, ((12, 5),)),
    )

    groups: Positive = Field(description="number of groups, which divide the channels")

    def parts(self, *inputs: TensorType) -> Sequence[Part]:
        """Returns the selection."""
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
        width = channels // self.groups
        order = (group * width + c for c in range(width) for group in range(self.groups))
        return [Part("select", Select(channels=tuple(order)), ("input",))]
