"""Embedding of numbers that stand for words."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from pydantic import Field, model_validator

from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule, Weight
from archspec.ir.op import Example, NonNegative, Operator, OperatorError, Param, Positive
from archspec.ir.types import TensorType


class Embedding(Operator):
    """Looks up a learnt vector for each whole number, as `torch.nn.Embedding` does.

    The numbers lie from 0 to `num_embeddings - 1`.
    """

    primary: ClassVar[str] = "embedding_dim"
    any_dtype: ClassVar[bool] = True
    shape_rule: ClassVar[str] = "[*] of int64 → [*, embedding_dim] of float32"
    keras_names: ClassVar[tuple[str, ...]] = ("Embedding",)
    keras_fields: ClassVar[Mapping[str, str]] = {
        "input_dim": "num_embeddings",
        "output_dim": "embedding_dim",
    }
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"num_embeddings": 9, "embedding_dim": 4}, (("T",),), "int64"),
        Example({"num_embeddings": 5, "embedding_dim": 3, "padding_idx": 0}, ((6,),), "int64"),
    )

    num_embeddings: Positive = Field(description="size of the vocabulary")
    embedding_dim: Positive = Field(description="size of each vector")
    padding_idx: NonNegative | None = Field(
        default=None, description="a number whose vector starts as zeros and is never learnt"
    )

    @model_validator(mode="after")
    def _padding_has_a_vector(self) -> Self:
        if self.padding_idx is not None and self.padding_idx >= self.num_embeddings:
            raise ValueError(f"padding_idx must be less than num_embeddings: {self.num_embeddings}")
        return self

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's shape with the size of the vectors behind it."""
        if inputs[0].dtype != "int64":
            raise OperatorError(
                f"embedding takes whole numbers of type int64, but its input is {inputs[0].dtype}",
                help="declare the input as `{shape: [T], dtype: int64}`",
            )
        return TensorType((*inputs[0].shape, self.embedding_dim))

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` `[num_embeddings, embedding_dim]`."""
        return {"weight": Param((self.num_embeddings, self.embedding_dim))}

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns `torch.nn.Embedding`."""
        return TorchModule("torch.nn.Embedding", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Gather`."""
        return [OnnxNode("Gather", [Weight("weight"), Input(0)])]

    def summary(self) -> str:
        """Returns the sizes of the vocabulary and of the vectors."""
        return f"{self.num_embeddings}×{self.embedding_dim}"
