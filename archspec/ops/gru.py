"""Gated recurrent unit."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from archspec.ir.op import Example
from archspec.ops.base.recurrent import Recurrent


class GRU(Recurrent):
    """Reads a sequence with gated units (Cho et al. 2014), as `torch.nn.GRU` does.

    Keras returns the last state only (`return_sequences: false`). Its biases are torch's two
    with `reset_after`, and one without (`num_biases: 1`).
    """

    keras_names: ClassVar[tuple[str, ...]] = ("GRU",)
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
        Example({"hidden_size": 5, "reset_after": False, "num_biases": 1}, (("T", 3),)),
        Example(
            {"hidden_size": 4, "num_layers": 2, "bidirectional": True, "reset_after": False},
            ((7, 3),),
        ),
    )
    onnx_gates: ClassVar[tuple[int, ...]] = (1, 0, 2)

    reset_after: bool = Field(
        default=True,
        description="whether the state is reset after its product (torch, cuDNN) or before (paper)",
    )

    def mode(self) -> str:
        """Returns torch's name."""
        return "GRU"

    def target(self) -> str:
        """Returns the helper module; torch itself only resets after the product."""
        return super().target() if self.reset_after else "archspec.nn.recurrent.ResetBeforeGRU"

    def onnx_attributes(self) -> Mapping[str, object]:
        """Returns whether the state is reset after its product."""
        return {"linear_before_reset": int(self.reset_after)}
