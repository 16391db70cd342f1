"""The cosine of the angle between two inputs."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, PositiveNumber
from archspec.ir.types import TensorType
from archspec.ops.base.comparison import Comparison


class CosineSimilarity(Comparison):
    """Computes `x1 · x2 / (|x1| * |x2|)` along one axis, as `torch.nn.CosineSimilarity` does."""

    primary: ClassVar[str] = "dim"
    shape_rule: ClassVar[str] = "[*], [*] → [*] without dim; [F], [F] → one number"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((6,), (6,))),
        Example({"dim": 2, "eps": 0.5}, ((3, "H", "W"), (3, "H", "W"))),
    )

    dim: int = Field(default=1, description="the axis, as in torch: 0 is the batch, -1 the last")
    eps: PositiveNumber = Field(
        default=1e-8, description="the least length that an input is divided by"
    )

    def axis(self) -> int:
        """Returns `dim`."""
        return self.dim

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.CosineSimilarity`."""
        return TorchModule("torch.nn.CosineSimilarity", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns the sum of products by both lengths, which are at least `eps`."""
        dim, eps = Constant([self.dim], "int64"), Constant(self.eps, "float32")
        products, dot, lengths = Local("products"), Local("dot"), Local("lengths")
        nodes = [
            OnnxNode("Mul", [Input(0), Input(1)], {}, [products]),
            OnnxNode("ReduceSum", [products, dim], {"keepdims": 0}, [dot]),
        ]
        atleast = [Local(f"length_of_{name}") for name in self.input_names]
        for index, length in enumerate(atleast):
            norm = Local(f"norm_of_{self.input_names[index]}")
            nodes.append(OnnxNode("ReduceL2", [Input(index), dim], {"keepdims": 0}, [norm]))
            nodes.append(OnnxNode("Max", [norm, eps], {}, [length]))
        return [
            *nodes,
            OnnxNode("Mul", atleast, {}, [lengths]),
            OnnxNode("Div", [dot, lengths]),
        ]
