"""What training does to examples at random, and evaluation does not."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.interval import ANY, Interval
from archspec.ir.lowering import OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Share
from archspec.ir.types import TensorType
from archspec.ops.base.same_shape import SameShape


class Noise(SameShape):
    """The base of operators that are the identity in evaluation mode."""

    passes: ClassVar[bool] = True

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns that noise can make anything."""
        return ANY

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns nothing: inference is without it."""
        return []


class DropoutNoise(Noise):
    """The base of dropouts; a subclass has the name of its module in `torch.nn`."""

    primary: ClassVar[str] = "p"
    keras_fields: ClassVar[Mapping[str, str]] = {"rate": "p"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((6,),)),
        Example({"p": 0.25}, ((3, "H", 4),)),
    )

    p: Share = Field(default=0.5, description="probability that a value is dropped")

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns where values can be once those that are left are multiplied."""
        return inputs[0].scaled()

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the module of the class's name."""
        return TorchModule(f"torch.nn.{type(self).__name__}", self.model_dump())

    def summary(self) -> str:
        """Returns the probability."""
        return str(self.p)
