"""The matrix product of two inputs."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from archspec.ir.axes import equal_sizes
from archspec.ir.constraints import Equality
from archspec.ir.dim import Size, product
from archspec.ir.lowering import Input, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Example, Operator, OperatorError
from archspec.ir.types import TensorType


class Matmul(Operator):
    """Multiplies the matrices in the last two axes, as `torch.matmul` does."""

    input_names: ClassVar[tuple[str, ...]] = ("input", "other")
    shape_rule: ClassVar[str] = "[*, N, K], [*, K, M] → [*, N, M]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("T", 6), (6, "T"))),
        Example({}, ((3, 4, 5), (3, 5, 2))),
    )

    def equalities(self, *inputs: TensorType) -> Iterable[Equality]:
        """Returns the equality of the inner sizes and of those before the matrices."""
        first, second = (type_.shape for type_ in inputs)
        self.output(*inputs)
        yield from equal_sizes(*(TensorType(shape[:-2]) for shape in (first, second)))
        yield Equality(first[-1], second[-2], "inner sizes", (0, 1))

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the rows of the first and the columns of the second."""
        first, second = (type_.example for type_ in inputs)
        if len(first) < 2 or len(first) != len(second):
            raise OperatorError(
                "matmul takes two inputs with the same number of axes, at least two, "
                f"not {inputs[0]} and {inputs[1]}",
                help="a vector becomes a matrix by `unsqueeze: 1` (a row) or `unsqueeze: -1`",
            )
        return inputs[0].with_example(*first[:-1], second[-1])

    def macs(self, *inputs: TensorType) -> Size:
        """Returns one multiply-add for each pair that is multiplied."""
        return product(inputs[0].example) * inputs[1].example[-1]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.matmul`."""
        return TorchFunction("torch.matmul", (Input(0), Input(1)))

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `MatMul`."""
        return [OnnxNode("MatMul", [Input(0), Input(1)])]
