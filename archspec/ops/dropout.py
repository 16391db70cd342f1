"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from archspec.ir.lowering import OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType


class Dropout(Operator):
    """Zeroes single values at random while training (Srivastava et al. 2014)."""

    primary: ClassVar[str] = "p"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((6,),)),
        Example({"p": 0.25}, ((3, "H", 4),)),
    )

    p: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5, description="probability that a value is zeroed"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        return inputs[0]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.Dropout`."""
        return TorchModule("torch.nn.Dropout", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns nothing: inference has no dropout."""
        return []

    def summary(self) -> str:
        """Returns the probability."""
        return str(self.p)
