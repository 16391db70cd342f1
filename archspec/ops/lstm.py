"""Long short-term memory."""

from typing import ClassVar

from archspec.ir.op import Example
from archspec.ops.base.recurrent import Recurrent


class LSTM(Recurrent):
    """Reads a sequence with gated cells (Hochreiter and Schmidhuber 1997), as `torch.nn.LSTM` does.

    Keras has one bias for each gate (`num_biases: 1`) and returns the last state only
    (`return_sequences: false`).
    """

    keras_names: ClassVar[tuple[str, ...]] = ("LSTM",)
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
    )
    onnx_gates: ClassVar[tuple[int, ...]] = (0, 3, 1, 2)

    def mode(self) -> str:
        """Returns torch's name."""
        return "LSTM"
