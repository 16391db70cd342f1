"""Fixed positions of sines and cosines."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from archspec.ir.lowering import Constant, Input, Local, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import LARGEST_NUMBER, Example, Operator, known, require_rank
from archspec.ir.types import TensorType

FLOAT = 1
"""ONNX's number for single precision."""


class SinusoidalPositionEmbedding(Operator):
    """Adds sines and cosines of the position to a sequence (Vaswani et al. 2017, section 3.5).

    Feature `2i` of position `p` gets `sin(p / max_period^(2i/features))`, feature `2i + 1`
    the cosine. Nothing is learnt, and a sequence may be of any length.
    """

    shape_rule: ClassVar[str] = "[T, features] → [T, features]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("T", 6),)),
        Example({"max_period": 100.0}, ((5, 3),)),
    )

    max_period: Annotated[float, Field(ge=1, le=LARGEST_NUMBER)] = Field(
        default=10_000.0, description="the longest wavelength, in positions by 2π"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        _, features = require_rank(inputs[0], 2, "a sequence [T, features]")
        known(features, "the number of features")
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module."""
        target = "archspec.nn.sinusoidal_position_embedding.SinusoidalPositionEmbedding"
        return TorchModule(target, self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns the positions up to the length at run time, and their sines and cosines."""
        features = known(inputs[0].example[1], "the number of features")
        frequencies = [self.max_period ** (-(i - i % 2) / features) for i in range(features)]
        odd = [i % 2 == 1 for i in range(features)]
        zero, one, end = (Constant(value, "int64") for value in (0, 1, [-1]))
        shape, length, steps, numbers = map(Local, ("shape", "length", "steps", "numbers"))
        column, angles, sines, cosines = map(Local, ("column", "angles", "sines", "cosines"))
        table = Local("table")
        return [
            OnnxNode("Shape", [Input(0)], {}, [shape]),
            OnnxNode("Gather", [shape, one], {}, [length]),
            OnnxNode("Range", [zero, length, one], {}, [steps]),
            OnnxNode("Cast", [steps], {"to": FLOAT}, [numbers]),
            OnnxNode("Unsqueeze", [numbers, end], {}, [column]),
            OnnxNode("Mul", [column, Constant(frequencies, "float32")], {}, [angles]),
            OnnxNode("Sin", [angles], {}, [sines]),
            OnnxNode("Cos", [angles], {}, [cosines]),
            OnnxNode("Where", [Constant(odd, "bool"), cosines, sines], {}, [table]),
            OnnxNode("Add", [Input(0), table]),
        ]
