"""What merges share that compute value by value: equal shapes, sizes of 1 stretched."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import ClassVar

from archspec.ir.axes import equal_sizes
from archspec.ir.constraints import Equality
from archspec.ir.dim import Size
from archspec.ir.lowering import Input, Local, OnnxNode, OnnxOperand, TorchFunction, TorchLowering
from archspec.ir.op import Operator
from archspec.ir.types import TensorType


class Merge(Operator):
    """The base of merges that compute value by value.

    A size of 1 stretches to that of the other inputs, as in torch and ONNX; a symbolic size
    never does.

    Attributes:
        torch_name: The function of two tensors.
        onnx_name: The operator on two tensors.
    """

    variadic: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[*], [*], … → [*]; a size of 1 stretches: [C, 1, 1] to [C, H, W]"
    torch_name: ClassVar[str]
    onnx_name: ClassVar[str]

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns the equality of all sizes but those that stretch."""
        shape = self.output(*inputs).shape
        return equal_sizes(*(_stretched(type_, shape) for type_ in inputs))

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the inputs' type, with sizes of 1 stretched."""
        axes = zip_longest(*(type_.shape for type_ in inputs), fillvalue=1)
        shape = tuple(next((size for size in sizes if size != 1), 1) for sizes in axes)
        return TensorType(shape, inputs[0].dtype)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the function, for more than two inputs of what it makes of either half."""
        return self._of(range(len(inputs)))

    def _of(self, positions: range) -> TorchFunction:
        # Halves nest so much less deeply than one after the other that a thousand inputs are fine.
        middle = (len(positions) + 1) // 2
        halves = (positions[:middle], positions[middle:])
        args = tuple(Input(half[0]) if len(half) == 1 else self._of(half) for half in halves)
        return TorchFunction(self.torch_name, args)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns the operator, once for each further input."""
        last = len(inputs) - 1
        nodes: list[OnnxNode] = []
        made: OnnxOperand = Input(0)
        for index in range(1, last):
            partial = Local(f"of_{index + 1}")
            nodes.append(OnnxNode(self.onnx_name, [made, Input(index)], {}, [partial]))
            made = partial
        return [*nodes, OnnxNode(self.onnx_name, [made, Input(last)])]


def _stretched(type_: TensorType, shape: tuple[Size, ...]) -> TensorType:
    # A shorter type stays shorter, so that the difference in axes is reported.
    pairs = zip(type_.shape, shape, strict=False)
    return TensorType(tuple(full if size == 1 else size for size, full in pairs))
