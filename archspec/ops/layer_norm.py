"""Layer normalisation."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import (
    Constant,
    Input,
    OnnxNode,
    OnnxOperand,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Example, Param, PositiveNumber
from archspec.ir.types import TensorType
from archspec.ops.base.trailing_norm import TrailingNorm


class LayerNorm(TrailingNorm):
    """Normalises each example over its last axis, or the last few (Ba et al. 2016)."""

    keras_names: ClassVar[tuple[str, ...]] = ("LayerNormalization",)
    keras_fields: ClassVar[Mapping[str, str]] = {"epsilon": "eps", "center": "bias"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("T", 8),)),
        Example({"eps": 1e-6, "bias": False}, ((6,),)),
        Example({"dims": 3}, ((3, 4, 5),)),
        Example({"dims": 2, "elementwise_affine": False}, (("T", 3, 4),)),
    )

    eps: PositiveNumber = Field(default=1e-5, description="added to the variance")
    bias: bool = Field(default=True, description="whether beside the scale a shift is learnt")

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` and `bias` of the normalised shape."""
        weight = dict(super().parameters(*inputs))
        return weight | {"bias": weight["weight"]} if weight and self.bias else weight

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.LayerNorm`."""
        arguments = {
            "normalized_shape": self.normalized_shape(*inputs),
            **self.model_dump(exclude={"dims"}),
        }
        return TorchModule("torch.nn.LayerNorm", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `LayerNormalization`, which asks for a scale."""
        learnt: list[OnnxOperand] = [*map(Weight, self.parameters(*inputs))]
        if not learnt:
            ones: object = 1.0
            for size in reversed(self.normalized_shape(*inputs)):
                ones = [ones] * size
            learnt = [Constant(ones, "float32")]
        attributes = {"axis": -self.dims, "epsilon": self.eps}
        return [OnnxNode("LayerNormalization", [Input(0), *learnt], attributes)]
