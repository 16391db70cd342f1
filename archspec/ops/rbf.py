"""Radial basis functions."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.dim import Size, product
from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Example, Operator, OperatorError, Param, Positive, known
from archspec.ir.types import TensorType


class RBF(Operator):
    """Measures the squared distance to one given vector for each class.

    `y_i = sum_j (x_j - w_ij)^2`, the output layer of LeNet-5 (LeCun et al. 1998, equation 7):
    the smallest output marks the class. The vectors are never learnt. They begin as a fixed
    pseudo-random choice of -1 and 1, the same in every network; the paper's bitmaps of
    characters can be loaded instead.
    """

    primary: ClassVar[str] = "out_features"
    # Differences and squares are not among the operations that torch's counter knows.
    counted_by_torch: ClassVar[bool] = False
    shape_rule: ClassVar[str] = "[..., in_features] → [..., out_features]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out_features": 10}, ((84,),)),
        Example({"out_features": 3}, (("T", 5),)),
    )

    out_features: Positive = Field(description="number of classes, each with a vector of its own")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's shape with the last size replaced."""
        self._in_features(*inputs)
        return inputs[0].with_example(*inputs[0].example[:-1], self.out_features)

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns the fixed `weight` `[out_features, in_features]`."""
        return {"weight": Param((self.out_features, self._in_features(*inputs)), "fixed")}

    def macs(self, *inputs: TensorType) -> Size:
        """Returns one multiply-add, the square, per weight and position of the other axes."""
        return product(inputs[0].example) * self.out_features

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module."""
        arguments = {"in_features": self._in_features(*inputs), **self.model_dump()}
        return TorchModule("archspec.nn.rbf.RBF", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns the sum of the squared differences."""
        column, difference = Local("column"), Local("difference")
        return [
            OnnxNode("Unsqueeze", [Input(0), Constant([-2], "int64")], {}, [column]),
            OnnxNode("Sub", [column, Weight("weight")], {}, [difference]),
            OnnxNode("ReduceSumSquare", [difference, Constant([-1], "int64")], {"keepdims": 0}),
        ]

    def summary(self) -> str:
        """Returns the number of classes."""
        return str(self.out_features)

    def _in_features(self, *inputs: TensorType) -> int:
        if not inputs[0].example:
            raise OperatorError("rbf takes at least one axis, but its input is one number")
        return known(inputs[0].example[-1], "the number of input features")
