"""Stochastic depth."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.interval import Interval
from archspec.ir.lowering import TorchLowering, TorchModule
from archspec.ir.op import Example, Share
from archspec.ir.types import TensorType
from archspec.ops.base.noise import Noise


class DropPath(Noise):
    """Zeroes whole examples at random while training (Huang et al. 2016, stochastic depth).

    It stands at the end of a residual's body, so that an example skips the block. What is kept
    is divided by `1 - p`, as torchvision's `StochasticDepth` in mode `row` does.
    """

    primary: ClassVar[str] = "p"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"p": 0.2}, ((3, "H", "W"),)),
        Example({"p": 0.0}, (("T", 8),)),
    )

    p: Share = Field(description="probability that an example is dropped")

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns where values can be once those that are left are multiplied."""
        return inputs[0].scaled()

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        return TorchModule("archspec.nn.drop_path.DropPath", self.model_dump())

    def summary(self) -> str:
        """Returns the probability."""
        return str(self.p)
