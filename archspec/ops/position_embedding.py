"""Learnt positions."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Example, Operator, OperatorError, Param, Positive, known, require_rank
from archspec.ir.types import TensorType


class PositionEmbedding(Operator):
    """Adds a learnt vector to each position of a sequence (Gehring et al. 2017).

    The vectors start with a standard deviation of 0.02, as in BERT and vision transformers.
    """

    primary: ClassVar[str] = "max_length"
    shape_rule: ClassVar[str] = "[T, features] → [T, features]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((7, 4),)),
        Example({"max_length": 20}, (("T", 4),)),
    )

    max_length: Positive | None = Field(
        default=None, description="the longest sequence; the input's length if left out"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        self._table(*inputs)
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` `[max_length, features]`."""
        return {"weight": Param(self._table(*inputs))}

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module."""
        length, features = self._table(*inputs)
        return TorchModule(
            "archspec.nn.position_embedding.PositionEmbedding",
            {"max_length": length, "features": features},
        )

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Add` of as many vectors as the sequence is long."""
        length, first = Local("length"), Local("first")
        start, axis = (Constant([0], "int64") for _ in range(2))
        return [
            OnnxNode("Shape", [Input(0)], {"start": 1, "end": 2}, [length]),
            OnnxNode("Slice", [Weight("weight"), start, length, axis], {}, [first]),
            OnnxNode("Add", [Input(0), first]),
        ]

    def _table(self, *inputs: TensorType) -> tuple[int, int]:
        length, features = require_rank(inputs[0], 2, "a sequence [T, features]")
        if self.max_length is None and not isinstance(length, int):
            raise OperatorError(
                f"the longest sequence must be known, but its length is {length}",
                help="give max_length",
            )
        longest = self.max_length or known(length, "the length")
        if isinstance(length, int) and length > longest:
            raise OperatorError(
                f"the input is {inputs[0]}, longer than max_length: {longest}",
                help=f"use max_length: {length} or more, or shorten the sequence",
            )
        return longest, known(features, "the number of features")
