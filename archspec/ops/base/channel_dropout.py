"""Dropout of whole channels."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.op import Share, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.noise import DropoutNoise


class ChannelDropout(DropoutNoise):
    """The base of dropouts of whole channels.

    Attributes:
        rank: The number of axes of an example.
        layout: The axes, for people.
    """

    rank: ClassVar[int]
    layout: ClassVar[str]

    p: Share = Field(default=0.5, description="probability that a channel of an example is dropped")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        require_rank(inputs[0], self.rank, self.layout)
        return inputs[0]
