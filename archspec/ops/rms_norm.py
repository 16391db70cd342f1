"""Root mean square normalisation."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    Output,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Example, PositiveNumber
from archspec.ir.types import TensorType
from archspec.ops.base.trailing_norm import TrailingNorm

_FLOAT32_EPSILON = 2.0**-23


class RMSNorm(TrailingNorm):
    """Divides by the root mean square over the last axes (Zhang and Sennrich 2019).

    `x / sqrt(mean(x * x) + eps) * weight`; unlike `layer_norm` it neither subtracts the mean
    nor learns a shift. Keras's eps is 1e-6.
    """

    keras_names: ClassVar[tuple[str, ...]] = ("RMSNormalization",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("T", 8),)),
        Example({"eps": 1e-6}, ((6,),)),
        Example({"dims": 2, "elementwise_affine": False}, (("T", 3, 4),)),
    )

    eps: PositiveNumber | None = Field(
        default=None, description="added to the mean square; 2^-23 if left out, as in torch"
    )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.RMSNorm`."""
        arguments = {
            "normalized_shape": self.normalized_shape(*inputs),
            **self.model_dump(exclude={"dims"}),
        }
        return TorchModule("torch.nn.RMSNorm", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns its arithmetic, because ONNX names it from opset 23 on only."""
        squares, mean, raised, root = map(Local, ("squares", "mean", "raised", "root"))
        axes = Constant(range(-self.dims, 0), "int64")
        eps = Constant(self.eps or _FLOAT32_EPSILON, "float32")
        normal = Local("normal") if self.elementwise_affine else Output(0)
        nodes = [
            OnnxNode("Mul", [Input(0), Input(0)], outputs=[squares]),
            OnnxNode("ReduceMean", [squares, axes], outputs=[mean]),
            OnnxNode("Add", [mean, eps], outputs=[raised]),
            OnnxNode("Sqrt", [raised], outputs=[root]),
            OnnxNode("Div", [Input(0), root], outputs=[normal]),
        ]
        if isinstance(normal, Local):
            nodes.append(OnnxNode("Mul", [normal, Weight("weight")]))
        return nodes
