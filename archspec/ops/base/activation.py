"""Activations: functions of each value alone."""

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.types import TensorType
from archspec.ops.base.same_shape import SameShape


class Activation(SameShape):
    """The base of activations; a subclass has the name of its module in `torch.nn`.

    Attributes:
        onnx_op: The ONNX operator that it is; the fields are its attributes.
    """

    keras_names: ClassVar[tuple[str, ...]] = ("Activation",)
    onnx_op: ClassVar[str] = ""

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the module of the class's name, with the fields as its arguments."""
        return TorchModule(f"torch.nn.{type(self).__name__}", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns one node."""
        return [OnnxNode(self.onnx_op, [Input(0)], self.model_dump())]
