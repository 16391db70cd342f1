"""The parametric ReLU activation."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from archspec.ir.interval import NON_NEGATIVE, Interval
from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule, Weight
from archspec.ir.op import Example, Number, OperatorError, Param, Positive
from archspec.ir.types import TensorType
from archspec.ops.base.activation import Activation
from archspec.ops.base.channels import channel_count, per_channel


class PReLU(Activation):
    """Computes `x if x > 0 else weight * x` of each value, `weight` learnt (He et al. 2015).

    There is one weight for all values, or one for each channel; Keras's layer, which has one
    for each value of an example unless `shared_axes` says otherwise, has no counterpart.
    """

    keeps: ClassVar[Interval | None] = NON_NEGATIVE
    primary: ClassVar[str] = "num_parameters"
    keras_names: ClassVar[tuple[str, ...]] = ("PReLU",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"num_parameters": "channels"}, ((3, "H", "W"),)),
        Example({"init": 0.1}, (("T", 5),)),
        Example({"num_parameters": 6}, ((6,),)),
    )

    num_parameters: Positive | Literal["channels"] = Field(
        default=1, description="1 weight for all values, or one for each of the `channels`"
    )
    init: Number = Field(default=0.25, description="initial value of the weights")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        if self.num_parameters != 1 and self._count(*inputs) != channel_count(inputs[0]):
            raise OperatorError(
                f"there are {self.num_parameters} weights, but the input is {inputs[0]}",
                help="`num_parameters: channels` has one weight for each channel, 1 one for all",
            )
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` `[1]` or `[C]`."""
        return {"weight": Param((self._count(*inputs),))}

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.PReLU`."""
        arguments = {"num_parameters": self._count(*inputs), "init": self.init}
        return TorchModule("torch.nn.PReLU", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `PRelu`, and `Reshape` for the weights of channels."""
        if self._count(*inputs) == 1:
            return [OnnxNode("PRelu", [Input(0), Weight("weight")])]
        weight, reshape = per_channel("weight", inputs[0])
        return [reshape, OnnxNode("PRelu", [Input(0), weight])]

    def _count(self, *inputs: TensorType) -> int:
        count = self.num_parameters
        return channel_count(inputs[0]) if count == "channels" else count
