"""Selection of channels."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Constant, Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, NonNegative, Operator, OperatorError, known
from archspec.ir.types import TensorType

MOST_SHOWN = 8
"""The most channels that a picture lists."""


class Select(Operator):
    """Takes some of the channels, in the order given.

    LeNet-5's third layer sees such selections (LeCun et al. 1998, table I).
    """

    moves: ClassVar[bool] = True
    primary: ClassVar[str] = "channels"
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[C, *] → [number of channels listed, *]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"channels": (0, 1, 2)}, ((6, "H", "W"),)),
        Example({"channels": (4, 0, 0)}, ((5,),), "int64"),
    )

    channels: tuple[NonNegative, ...] = Field(
        min_length=1, description="the channels to take, counting from 0"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type with the number of channels taken."""
        if not inputs[0].example:
            raise OperatorError("select takes at least one axis, but its input is one number")
        channels, *sizes = inputs[0].example
        count = known(channels, "the number of channels")
        if max(self.channels) >= count:
            raise OperatorError(
                f"there is no channel {max(self.channels)}: the input is {inputs[0]}",
                help=f"channels count from 0 to {count - 1}",
            )
        return inputs[0].with_example(len(self.channels), *sizes)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module."""
        return TorchModule("archspec.nn.select.Select", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Gather`."""
        channels = Constant(self.channels, "int64")
        return [OnnxNode("Gather", [Input(0), channels], {"axis": 1})]

    def summary(self) -> str:
        """Returns the channels, or how many if they are many."""
        few = len(self.channels) <= MOST_SHOWN
        return " ".join(map(str, self.channels)) if few else f"{len(self.channels)} channels"
