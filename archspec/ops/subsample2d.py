"""The trainable sub-sampling of LeNet-5."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Example, Param
from archspec.ir.types import TensorType
from archspec.ops.base.channels import channel_count
from archspec.ops.base.pooling import Windowed


class Subsample2d(Windowed):
    """Sums each window, times a learnt coefficient plus a learnt bias of the channel.

    Layers S2 and S4 of LeNet-5 (LeCun et al. 1998, section II.B); the activation that follows
    is a layer of its own. The multiplications by coefficients are not counted, as with batch
    norm.
    """

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [C, H', W'] with H' = floor((H - kernel_size) / stride) + 1"
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((6, 28, 28),)),
        Example({"kernel_size": (3, 2), "stride": 1}, ((4, "H", "W"),)),
        Example({"kernel_size": 2, "stride": 3}, ((2, "H", 9),)),
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, H', W']`."""
        made = super().output(*inputs)
        channel_count(inputs[0])
        return made

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns the coefficients `weight` `[C]` and `bias` `[C]`."""
        shape = (channel_count(inputs[0]),)
        return {"weight": Param(shape), "bias": Param(shape)}

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the module for what torch does not have."""
        arguments = {
            "channels": channel_count(inputs[0]),
            "kernel_size": self.kernel,
            "stride": self.strides,
        }
        return TorchModule("archspec.nn.subsample.Subsample2d", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns a depthwise `Conv` whose kernels are the coefficients, repeated."""
        channels = channel_count(inputs[0])
        column, kernels = Local("column"), Local("kernels")
        shapes = [Constant((channels, 1, *size), "int64") for size in ((1, 1), self.kernel)]
        attributes = {"kernel_shape": self.kernel, "strides": self.strides, "group": channels}
        return [
            OnnxNode("Reshape", [Weight("weight"), shapes[0]], outputs=[column]),
            OnnxNode("Expand", [column, shapes[1]], outputs=[kernels]),
            OnnxNode("Conv", [Input(0), kernels, Weight("bias")], attributes),
        ]
