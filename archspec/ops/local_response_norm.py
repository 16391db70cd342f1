"""Local response normalisation."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, field_validator

from archspec.ir.interval import Interval
from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, OperatorError, Positive, PositiveNumber
from archspec.ir.types import TensorType
from archspec.ops.base.same_shape import SameShape


class LocalResponseNorm(SameShape):
    """Divides each value by the energy of its neighbouring channels.

    `b_c = a_c / (k + alpha/size * sum(a_j^2))^beta` over the `size` channels around `c`
    (Krizhevsky et al. 2012, section 3.3, with `alpha` divided by `size` as in Caffe,
    torch and ONNX; the paper's own `alpha` is not).
    """

    primary: ClassVar[str] = "size"
    shape_rule: ClassVar[str] = "[C, positions...] → the same shape"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"size": 5}, ((8, "H", "W"),)),
        Example({"size": 3, "alpha": 0.5, "beta": 0.5, "k": 2.0}, ((2, 4, 5),)),
        Example({"size": 3, "alpha": 0.5}, ((4, "T"),)),
        Example({"size": 3, "alpha": 0.5}, ((4, "D", 5, 6),)),
    )

    size: Positive = Field(description="number of channels in a window; odd, so it has a centre")
    alpha: PositiveNumber = Field(default=1e-4, description="weight of the window's energy")
    beta: PositiveNumber = Field(default=0.75, description="exponent")
    k: PositiveNumber = Field(default=1.0, description="additive constant")

    @field_validator("size")
    @classmethod
    def _odd(cls, size: int) -> int:
        # torch and ONNX centre an even window differently.
        if size % 2 == 0:
            raise ValueError("size must be odd, so that the window has a centre")
        return size

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        if len(inputs[0].example) < 2:
            raise OperatorError(
                f"local_response_norm takes two axes or more, but its input is {inputs[0]}",
                help="use layer_norm for a vector",
            )
        return inputs[0]

    def interval_of(self, *inputs: Interval) -> Interval:
        """Returns where values can be once they are divided by positive ones."""
        return inputs[0].scaled()

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.LocalResponseNorm`."""
        return TorchModule("torch.nn.LocalResponseNorm", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `LRN`, of images as ONNX Runtime wants it: other inputs are reshaped."""
        attributes = {"size": self.size, "alpha": self.alpha, "beta": self.beta, "bias": self.k}
        if len(inputs[0].example) == 3:
            return [OnnxNode("LRN", [Input(0)], attributes)]
        image, normal, shape = map(Local, ("image", "normal", "shape"))
        return [
            OnnxNode("Reshape", [Input(0), Constant((0, 0, -1, 1), "int64")], outputs=[image]),
            OnnxNode("LRN", [image], attributes, [normal]),
            OnnxNode("Shape", [Input(0)], outputs=[shape]),
            OnnxNode("Reshape", [normal, shape]),
        ]
