"""Min pooling: max pooling of negated values."""

from collections.abc import Sequence

from archspec.ir.lowering import Input, Local, OnnxNode, TorchFunction, TorchLowering, TorchModule
from archspec.ir.types import TensorType
from archspec.ops.base.max_pooling import ExtremePooling


class MinPooling(ExtremePooling):
    """The base of `min_pool1d`, `min_pool2d` and `min_pool3d`."""

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns torch's max pooling between two `torch.neg`, or a module that pads."""
        arguments = self.torch_arguments(*inputs)
        if arguments is not None:
            negated = TorchFunction("torch.neg", (Input(0),))
            target = f"torch.nn.functional.max_pool{self.axes}d"
            return TorchFunction("torch.neg", (TorchFunction(target, (negated,), arguments),))
        return TorchModule(
            "archspec.nn.same_pooling.SameMinPool",
            {"kernel_size": self.kernel, "stride": self.strides},
        )

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `MaxPool` between two `Neg`."""
        negated, largest = Local("negated"), Local("largest")
        return [
            OnnxNode("Neg", [Input(0)], outputs=[negated]),
            *self.max_pool(negated, largest, *inputs),
            OnnxNode("Neg", [largest]),
        ]
