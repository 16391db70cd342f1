"""Normalisation with given statistics."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from archspec.ir.lowering import Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Number, OperatorError, PositiveNumber
from archspec.ir.types import TensorType
from archspec.ops.base.channels import channel_count, constant_per_channel
from archspec.ops.base.same_shape import SameShape


class Normalization(SameShape):
    """Computes `(x - mean) / std` with the mean and deviation of each channel that are given.

    They are constants of the network, not weights; Keras's layer takes the variance, the
    square of `std`.
    """

    shape_rule: ClassVar[str] = "[C, ...] → [C, ...]"
    keras_names: ClassVar[tuple[str, ...]] = ("Normalization",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}, ((3, "H", "W"),)),
        Example({"mean": 0.1307, "std": 0.3081}, ((1, 28, 28),)),
        Example({"mean": (0.5, 1.0), "std": (0.25, 2.0)}, ((2,),)),
    )

    mean: Number | Annotated[tuple[Number, ...], Field(min_length=1)] = Field(
        description="mean of all values, or of each channel"
    )
    std: PositiveNumber | Annotated[tuple[PositiveNumber, ...], Field(min_length=1)] = Field(
        description="standard deviation of all values, or of each channel"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        for name, values in self._values().items():
            if len(values) > 1 and len(values) != channel_count(inputs[0]):
                raise OperatorError(
                    f"{name} has {len(values)} values, but the input is {inputs[0]}",
                    help=f"give 1 value, or {channel_count(inputs[0])}: one for each channel",
                )
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        return TorchModule("archspec.nn.normalization.Normalization", self._values())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Sub` and `Div`."""
        mean, std = (constant_per_channel(v, inputs[0]) for v in self._values().values())
        centred = Local("centred")
        return [
            OnnxNode("Sub", [Input(0), mean], outputs=[centred]),
            OnnxNode("Div", [centred, std]),
        ]

    def _values(self) -> dict[str, tuple[float, ...]]:
        fields = {"mean": self.mean, "std": self.std}
        return {name: v if isinstance(v, tuple) else (v,) for name, v in fields.items()}
