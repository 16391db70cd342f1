"""The distance between two inputs."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from archspec.ir.interval import NON_NEGATIVE, Interval
from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, NonNegativeNumber
from archspec.ir.types import TensorType
from archspec.ops.base.comparison import Comparison


class PairwiseDistance(Comparison):
    """Computes `|x1 - x2 + eps|` along the last axis, as `torch.nn.PairwiseDistance` does.

    It is what siamese networks compare (Hadsell et al. 2006).
    """

    makes: ClassVar[Interval] = NON_NEGATIVE
    primary: ClassVar[str] = "p"
    shape_rule: ClassVar[str] = "[*, F], [*, F] → [*], or [*, 1] with keepdim"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((6,), (6,))),
        Example({"p": 1, "keepdim": True, "eps": 0.0}, (("T", 4), ("T", 4))),
    )

    p: Literal[1, 2] = Field(
        default=2, description="2 for the Euclidean distance, 1 for the sum of absolute differences"
    )
    eps: NonNegativeNumber = Field(
        default=1e-6, description="added to each difference, so that no gradient is divided by zero"
    )
    keepdim: bool = Field(default=False, description="whether the last axis stays, with size 1")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the inputs' type without the last axis, or with size 1."""
        made = super().output(*inputs)
        return made.with_example(*made.example, 1) if self.keepdim else made

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.PairwiseDistance`."""
        return TorchModule("torch.nn.PairwiseDistance", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `ReduceL1` or `ReduceL2` of the difference."""
        difference, shifted = Local("difference"), Local("shifted")
        axis = Constant([-1], "int64")
        return [
            OnnxNode("Sub", [Input(0), Input(1)], {}, [difference]),
            OnnxNode("Add", [difference, Constant(self.eps, "float32")], {}, [shifted]),
            OnnxNode(f"ReduceL{self.p}", [shifted, axis], {"keepdims": int(self.keepdim)}),
        ]

    def summary(self) -> str:
        """Returns the name of the distance."""
        return f"L{self.p}"
