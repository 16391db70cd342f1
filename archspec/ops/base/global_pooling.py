"""Pooling over everything that a channel holds."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import Input, Local, OnnxNode, TorchFunction, TorchLowering
from archspec.ir.op import Operator, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.window import LAYOUTS


class GlobalPooling(Operator):
    """The base of global pooling.

    Attributes:
        axes: The number of axes that are pooled.
        function: The torch function that does it.
        onnx_operator: The ONNX operator that does it.
    """

    moves: ClassVar[bool] = True
    axes: ClassVar[int]
    function: ClassVar[str]
    onnx_operator: ClassVar[str]
    primary: ClassVar[str | None] = "keepdim"
    keras_fields: ClassVar[Mapping[str, str]] = {"keepdims": "keepdim"}

    keepdim: bool = Field(
        default=False, description="whether the pooled axes stay, with size 1, as a gate needs it"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C]`, or `[C, 1, ...]` with `keepdim`."""
        channels, *sizes = require_rank(inputs[0], self.axes + 1, LAYOUTS[self.axes])
        return inputs[0].with_example(channels, *(1 for _ in sizes if self.keepdim))

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the reduction over all axes but batch and channels."""
        arguments = {"dim": tuple(range(2, 2 + self.axes)), "keepdim": self.keepdim}
        return TorchFunction(self.function, (Input(0),), arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns ONNX's global pooling and, without `keepdim`, `Flatten`."""
        if self.keepdim:
            return [OnnxNode(self.onnx_operator, [Input(0)])]
        pooled = Local("pooled")
        return [
            OnnxNode(self.onnx_operator, [Input(0)], outputs=[pooled]),
            OnnxNode("Flatten", [pooled], {"axis": 1}),
        ]


class GlobalAvgPooling(GlobalPooling):
    """The base of global average pooling."""

    function: ClassVar[str] = "torch.mean"
    onnx_operator: ClassVar[str] = "GlobalAveragePool"
