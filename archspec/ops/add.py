"""Addition of branches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from archspec.ir.axes import equal_sizes
from archspec.ir.constraints import Equality
from archspec.ir.lowering import Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType


class Add(Operator):
    """Adds inputs of equal shape, value by value."""

    variadic: ClassVar[bool] = True
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, "H", "W"), (3, "H", "W"))),
        Example({}, ((5,), (5,), (5,))),
    )

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns the equality of all sizes."""
        return equal_sizes(*inputs)

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the first input's type."""
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.add`, nested for more than two inputs."""
        call = TorchFunction("torch.add", (Input(0), Input(1)))
        for index in range(2, len(inputs)):
            call = TorchFunction("torch.add", (call, Input(index)))
        return call

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Add`, or `Sum` for more than two inputs."""
        operands = [Input(i) for i in range(len(inputs))]
        return [OnnxNode("Add" if len(inputs) == 2 else "Sum", operands)]
