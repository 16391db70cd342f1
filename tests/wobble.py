"""An operator of one's own, as a user would write it: a sine of a learnt frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from archspec.operator import (
    Example,
    Input,
    Local,
    Number,
    OnnxNode,
    Operator,
    Param,
    TensorType,
    TorchModule,
    Weight,
)

if TYPE_CHECKING:
    from torch import nn


class Wobble(Operator):
    """Takes the sine of each value, at a learnt frequency."""

    primary: ClassVar[str] = "frequency"
    shape_rule: ClassVar[str] = "any shape → the same"
    examples: ClassVar[tuple[Example, ...]] = (Example({"frequency": 2.0}, ((4,),)),)

    frequency: Number = Field(default=1.0, description="where the frequency starts")

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` `[1]`."""
        return {"weight": Param((1,))}

    def torch(self, *inputs: TensorType) -> TorchModule:
        """Returns the module that is made below."""
        return TorchModule(f"{__name__}.sine", {"frequency": self.frequency})

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Mul` and `Sin`."""
        scaled = Local("scaled")
        return [
            OnnxNode("Mul", [Input(0), Weight("weight")], {}, [scaled]),
            OnnxNode("Sin", [scaled]),
        ]


def sine(frequency: float) -> nn.Module:
    """Returns the module; torch is imported only when a network is built."""
    import torch

    class Sine(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor([frequency]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.weight * x).sin()

    return Sine()
