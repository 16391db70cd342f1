"""Average pooling over one, two or three axes."""

from collections.abc import Sequence

from pydantic import Field

from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.types import TensorType
from archspec.ops.base.pooling import RoundingPooling


class AvgPooling(RoundingPooling):
    """The base of `avg_pool1d`, `avg_pool2d` and `avg_pool3d`."""

    count_include_pad: bool = Field(
        default=True,
        description="whether padding counts as zeros in the mean; that of `same` never does, "
        "as in TensorFlow",
    )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns torch's module, or one that pads at run time where torch's cannot."""
        padding = self.torch_padding(*inputs)
        if padding is None:
            return TorchModule(
                "archspec.nn.same_pooling.SameAvgPool",
                {"kernel_size": self.kernel, "stride": self.strides},
            )
        arguments = {
            **self.model_dump(),
            "padding": padding,
            "ceil_mode": self.rounds_up,
            "count_include_pad": self._counts_padding,
        }
        return TorchModule(f"torch.nn.AvgPool{self.axes}d", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `AveragePool`, after a `Pad` where only a part of the padding counts.

        `ceil_mode` is said as padding at the end, because opsets differ in what it means;
        that padding never counts, so padding that does is made part of the input.
        """
        pads = self.pads(*inputs)
        attributes = {"kernel_shape": self.kernel, "strides": self.strides}
        if pads is None:
            return [OnnxNode("AveragePool", [Input(0)], attributes | {"auto_pad": "SAME_UPPER"})]
        before, after = pads
        if not (self.rounds_up and self._counts_padding and any(before)):
            counts = int(self._counts_padding and not self.rounds_up)
            padding = {"pads": before + after, "count_include_pad": counts}
            return [OnnxNode("AveragePool", [Input(0)], attributes | padding)]
        padded = Local("padded")
        rest = tuple(a - b for a, b in zip(after, before, strict=True))
        return [
            OnnxNode("Pad", [Input(0), Constant((0, 0, *before) * 2, "int64")], {}, [padded]),
            OnnxNode("AveragePool", [padded], attributes | {"pads": (0,) * self.axes + rest}),
        ]

    @property
    def _counts_padding(self) -> bool:
        return self.count_include_pad and self.padding != "same"
