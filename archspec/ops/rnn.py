"""Simple recurrent layer."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from archspec.ir.op import Example
from archspec.ops.base.recurrent import Recurrent


class RNN(Recurrent):
    """Reads a sequence with simple units (Elman 1990), as `torch.nn.RNN` does.

    Keras has one bias for each unit (`num_biases: 1`) and returns the last state only
    (`return_sequences: false`).
    """

    keras_names: ClassVar[tuple[str, ...]] = ("SimpleRNN",)
    keras_fields: ClassVar[Mapping[str, str]] = {
        **Recurrent.keras_fields,
        "activation": "nonlinearity",
    }
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"hidden_size": 5}, (("T", 3),)),
        Example({"hidden_size": 5, "return_sequences": False, "num_biases": 1}, (("T", 3),)),
        Example(
            {"hidden_size": 4, "num_layers": 2, "bidirectional": True, "dropout": 0.5}, ((7, 3),)
        ),
        Example(
            {"hidden_size": 4, "bidirectional": True, "return_sequences": False, "bias": False},
            (("T", 3),),
        ),
        Example({"hidden_size": 5, "nonlinearity": "relu", "bidirectional": True}, (("T", 3),)),
    )
    onnx_gates: ClassVar[tuple[int, ...]] = (0,)

    nonlinearity: Literal["tanh", "relu"] = Field(
        default="tanh", description="what is applied to the new state"
    )

    def mode(self) -> str:
        """Returns torch's name."""
        return f"RNN_{self.nonlinearity.upper()}"

    def onnx_attributes(self) -> Mapping[str, object]:
        """Returns the nonlinearity of each direction."""
        return {"activations": [self.nonlinearity.capitalize()] * len(self.directions())}
