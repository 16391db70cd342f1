"""Fully connected layer."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.dim import Size, product
from archspec.ir.lowering import (
    Input,
    Local,
    OnnxNode,
    OnnxOperand,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Doubt, Example, Operator, OperatorError, Param, Positive, known
from archspec.ir.types import TensorType


class Linear(Operator):
    """Multiplies the last axis by a learnt matrix, as `torch.nn.Linear` does."""

    mixes: ClassVar[int | None] = -1
    primary: ClassVar[str] = "out_features"
    shape_rule: ClassVar[str] = "[*, in_features] → [*, out_features]"
    keras_names: ClassVar[tuple[str, ...]] = ("Dense",)
    keras_fields: ClassVar[Mapping[str, str]] = {"units": "out_features", "use_bias": "bias"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_features": 3}, ((4,),)),
        Example({"out_features": 5, "bias": False}, ((4,),)),
        Example({"out_features": 5}, (("T", 4),)),
        Example({"out_features": 5, "bias": False}, ((2, 3, 4),)),
    )

    out_features: Positive = Field(description="number of units")
    bias: bool = Field(default=True, description="whether a learnt bias is added")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's shape with the last size replaced."""
        self._in_features(*inputs)
        return inputs[0].with_example(*inputs[0].example[:-1], self.out_features)

    def doubt(self, *inputs: TensorType) -> Doubt | None:
        """Returns a doubt about images, whose last axis is their width."""
        if len(inputs[0].example) != 3:
            return None
        return Doubt(
            "W201",
            f"this linear layer mixes the columns of an image, {inputs[0]}",
            f"`conv2d: {{out_channels: {self.out_features}, kernel_size: 1}}` mixes the channels "
            "at each place, as Keras's Dense does; `flatten` before it mixes everything",
        )

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` `[out, in]` and, with `bias`, `bias` `[out]`."""
        weight = {"weight": Param((self.out_features, self._in_features(*inputs)))}
        return weight | {"bias": Param((self.out_features,))} if self.bias else weight

    def macs(self, *inputs: TensorType) -> Size:
        """Returns one multiply-add per weight, at every position of the other axes."""
        return product(inputs[0].example) * self.out_features

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.Linear`."""
        features = self._in_features(*inputs)
        return TorchModule("torch.nn.Linear", {"in_features": features, **self.model_dump()})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Gemm` for vectors, `MatMul` and `Add` where there are more axes."""
        if len(inputs[0].example) == 1:
            operands: list[OnnxOperand] = [Input(0), *map(Weight, self.parameters(*inputs))]
            return [OnnxNode("Gemm", operands, {"transB": 1})]
        matrix, scaled = Local("matrix"), Local("product")
        transpose = OnnxNode("Transpose", [Weight("weight")], {"perm": (1, 0)}, [matrix])
        if not self.bias:
            return [transpose, OnnxNode("MatMul", [Input(0), matrix])]
        return [
            transpose,
            OnnxNode("MatMul", [Input(0), matrix], outputs=[scaled]),
            OnnxNode("Add", [scaled, Weight("bias")]),
        ]

    def summary(self) -> str:
        """Returns the number of units."""
        return str(self.out_features)

    def _in_features(self, *inputs: TensorType) -> int:
        if not inputs[0].example:
            raise OperatorError("linear takes at least one axis, but its input is one number")
        return known(inputs[0].example[-1], "the number of input features")
