"""The mean of branches."""

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.lowering import Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example
from archspec.ir.types import TensorType
from archspec.ops.base.merge import Merge


class Average(Merge):
    """Takes the mean of its inputs, value by value."""

    moves: ClassVar[bool] = True
    keras_names: ClassVar[tuple[str, ...]] = ("Average",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"), (3, "H", "W"))),
        Example({}, ((3, 1, 1), (3, "H", "W"))),
        Example({}, ((5,), (5,), (5,), (1,))),
    )
    torch_name: ClassVar[str] = "torch.add"

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the sum by the number of inputs."""
        return TorchFunction("torch.div", (super().torch(*inputs), len(inputs)))

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Mean`."""
        return [OnnxNode("Mean", [Input(i) for i in range(len(inputs))])]
