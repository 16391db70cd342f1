"""What recurrent layers share: their weights, their cost, and how ONNX says them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from archspec.ir.dim import Size
from archspec.ir.lowering import OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Operator, Param, Positive, Share, known, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.recurrent_onnx import Cells, recurrent_nodes

MAX_LAYERS = 1000
"""More than any network has; each layer has parameters of its own to name."""


class Recurrent(Operator):
    """The base of recurrent layers over a sequence `[T, features]`.

    Attributes:
        onnx_gates: The numbers of torch's gates in ONNX's order.
    """

    primary: ClassVar[str] = "hidden_size"
    shape_rule: ClassVar[str] = (
        "[T, features] → [T, hidden_size * directions], "
        "or [hidden_size * directions] without return_sequences"
    )
    keras_fields: ClassVar[Mapping[str, str]] = {"units": "hidden_size", "use_bias": "bias"}
    onnx_gates: ClassVar[tuple[int, ...]]

    hidden_size: Positive = Field(description="number of units, in each direction")
    num_layers: Annotated[int, Field(gt=0, le=MAX_LAYERS)] = Field(
        default=1, description="number of layers, one upon the other"
    )
    bias: bool = Field(default=True, description="whether learnt biases are added")
    num_biases: Literal[1, 2] = Field(
        default=2,
        description="biases of each gate: 2, for input and state apart (torch), or 1 (Keras)",
    )
    dropout: Share = Field(
        default=0.0, description="probability that a value between two layers is zeroed"
    )
    bidirectional: bool = Field(
        default=False, description="whether a second set of units reads from the end"
    )
    return_sequences: bool = Field(
        default=True,
        description="whether all states are returned (torch) or the last of each direction (Keras)",
    )

    @model_validator(mode="after")
    def _dropout_between_layers(self) -> Self:
        if self.dropout and self.num_layers == 1:
            raise ValueError("dropout acts between two layers, so it needs num_layers: 2 or more")
        return self

    def mode(self) -> str:
        """Returns what torch calls the cell: `LSTM`, `GRU`, `RNN_TANH` or `RNN_RELU`."""
        raise NotImplementedError

    def target(self) -> str:
        """Returns the helper module."""
        return "archspec.nn.recurrent.Recurrent"

    def directions(self) -> tuple[str, ...]:
        """Returns how the names of each direction's parameters end."""
        return ("", "_reverse") if self.bidirectional else ("",)

    def onnx_attributes(self) -> Mapping[str, object]:
        """Returns what the ONNX node needs besides its size and direction."""
        return {}

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns all states `[T, states]`, or the last ones `[states]`."""
        length, features = require_rank(inputs[0], 2, "a sequence [T, features]")
        known(features, "the number of input features")
        states = self.hidden_size * len(self.directions())
        return inputs[0].with_example(*([length] if self.return_sequences else []), states)

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns the weights and biases of all gates, for each layer and direction."""
        rows = len(self.onnx_gates) * self.hidden_size
        return {
            f"{kind}_{name}": Param(shape)
            for layer in self._layers(*inputs)
            for features, name in layer
            for kind, shape in (
                ("weight_ih", (rows, features)),
                ("weight_hh", (rows, self.hidden_size)),
                *((bias, (rows,)) for bias in self._biases()),
            )
        }

    def macs(self, *inputs: TensorType) -> Size:
        """Returns one multiply-add per weight and step."""
        shapes = (param.shape for param in self.parameters(*inputs).values())
        return inputs[0].example[0] * sum(math.prod(shape) for shape in shapes if len(shape) == 2)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module around torch's kernels."""
        fields = {name: getattr(self, name) for name in Recurrent.model_fields}
        arguments = {"mode": self.mode(), "input_size": inputs[0].example[-1], **fields}
        return TorchModule(self.target(), arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns one recurrent node for each layer, with its weights put in ONNX's order."""
        attributes = {
            "hidden_size": self.hidden_size,
            "direction": "bidirectional" if self.bidirectional else "forward",
            **self.onnx_attributes(),
        }
        cells = Cells(
            type(self).__name__, attributes, self.onnx_gates, self.hidden_size, self._biases()
        )
        layers = [[name for _, name in layer] for layer in self._layers(*inputs)]
        return list(recurrent_nodes(cells, layers, return_sequences=self.return_sequences))

    def summary(self) -> str:
        """Returns the number of units, and of layers and directions where there are several."""
        layers = f" ×{self.num_layers}" if self.num_layers > 1 else ""
        return f"{self.hidden_size}{layers}" + ", both directions" * self.bidirectional

    def _biases(self) -> tuple[str, ...]:
        return ("bias_ih", "bias_hh")[: self.num_biases] if self.bias else ()

    def _layers(self, *inputs: TensorType) -> Iterator[list[tuple[int, str]]]:
        """Yields for each layer the features it reads and the name of each direction."""
        features = known(inputs[0].example[-1], "the number of input features")
        for layer in range(self.num_layers):
            yield [(features, f"l{layer}{suffix}") for suffix in self.directions()]
            features = self.hidden_size * len(self.directions())
