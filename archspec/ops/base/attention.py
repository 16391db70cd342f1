"""What self-attention and cross-attention share."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ir.dim import Size
from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    OnnxOperand,
    Output,
    TorchLowering,
    TorchModule,
    Weight,
)
from archspec.ir.op import Operator, OperatorError, Param, Positive, Share, known, require_rank
from archspec.ir.types import TensorType


class Attention(Operator):
    """The base of multi-head attention: the query is the first input, the memory the last."""

    primary: ClassVar[str] = "num_heads"
    keras_fields: ClassVar[Mapping[str, str]] = {"use_bias": "bias"}

    num_heads: Positive = Field(description="number of heads, which divide the features")
    bias: bool = Field(default=True, description="whether learnt biases are added")
    dropout: Share = Field(
        default=0.0, description="probability that a position is not looked at while training"
    )

    def is_causal(self) -> bool:
        """Returns whether a position sees only those before it and itself."""
        return False

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the query's type."""
        embed_dim = self._embed_dim(*inputs)
        if embed_dim % self.num_heads:
            raise OperatorError(
                f"{embed_dim} features cannot be divided into num_heads: {self.num_heads}",
                help="num_heads must divide the number of features",
            )
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns the projections of query, key and value in one, and of the result."""
        size = self._embed_dim(*inputs)
        shapes = {
            "in_proj_weight": (3 * size, size),
            "in_proj_bias": (3 * size,),
            "out_proj.weight": (size, size),
            "out_proj.bias": (size,),
        }
        return {
            name: Param(shape)
            for name, shape in shapes.items()
            if self.bias or not name.endswith("bias")
        }

    def macs(self, *inputs: TensorType) -> Size:
        """Returns the projections, the scores of all pairs of positions and their use."""
        size = self._embed_dim(*inputs)
        query, memory = inputs[0].example[0], inputs[-1].example[0]
        return 2 * size * size * (query + memory) + 2 * size * query * memory

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module around torch's kernels."""
        arguments = {"embed_dim": self._embed_dim(*inputs), **self.model_dump()}
        return TorchModule("archspec.nn.attention.MultiHeadAttention", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns the attention in single steps."""
        return list(self._onnx(*inputs))

    def summary(self) -> str:
        """Returns the number of heads."""
        return f"{self.num_heads} heads" + ", causal" * self.is_causal()

    def _onnx(self, *inputs: TensorType) -> Iterator[OnnxNode]:
        query, key, value = Local("query"), Local("key"), Local("value")
        parts = {"axis": 0, "num_outputs": 3}
        weights = [Local(f"{made.name}_weight") for made in (query, key, value)]
        biases = [Local(f"{made.name}_bias") for made in (query, key, value)]
        yield OnnxNode("Split", [Weight("in_proj_weight")], parts, weights)
        if self.bias:
            yield OnnxNode("Split", [Weight("in_proj_bias")], parts, biases)
        memory = Input(len(inputs) - 1)
        sources = (Input(0), memory, memory)
        for source, weight, bias, made in zip(
            sources, weights, biases, (query, key, value), strict=True
        ):
            flat, heads = Local(f"{made.name}_flat"), Local(f"{made.name}_heads")
            yield from _linear(source, weight, bias if self.bias else None, flat)
            by_head = Constant((0, 0, self.num_heads, -1), "int64")
            yield OnnxNode("Reshape", [flat, by_head], {}, [heads])
            perm = (0, 2, 3, 1) if made == key else (0, 2, 1, 3)
            yield OnnxNode("Transpose", [heads], {"perm": perm}, [made])
        products, scores, weighted, found, joined = map(
            Local, ("products", "scores", "attention", "found", "joined")
        )
        scale = Constant(1 / math.sqrt(self._embed_dim(*inputs) / self.num_heads), "float32")
        yield OnnxNode("MatMul", [query, key], {}, [products])
        yield OnnxNode("Mul", [products, scale], {}, [scores])
        if self.is_causal():
            yield from _causal(scores, masked := Local("masked"))
            scores = masked
        yield OnnxNode("Softmax", [scores], {"axis": -1}, [weighted])
        yield OnnxNode("MatMul", [weighted, value], {}, [found])
        turned = Local("found_turned")
        yield OnnxNode("Transpose", [found], {"perm": (0, 2, 1, 3)}, [turned])
        yield OnnxNode("Reshape", [turned, Constant((0, 0, -1), "int64")], {}, [joined])
        last = Weight("out_proj.bias") if self.bias else None
        yield from _linear(joined, Weight("out_proj.weight"), last, Output(0))

    def _embed_dim(self, *inputs: TensorType) -> int:
        _, features = require_rank(inputs[0], 2, "a sequence [T, features]")
        return known(features, "the number of features")


def _linear(
    source: OnnxOperand, weight: Local | Weight, bias: OnnxOperand, made: Local | Output
) -> Iterator[OnnxNode]:
    """Yields the nodes of a linear layer; they are called after its weight."""
    matrix, product = Local(f"{weight.name}_matrix"), Local(f"{weight.name}_product")
    yield OnnxNode("Transpose", [weight], {"perm": (1, 0)}, [matrix])
    if bias is None:
        yield OnnxNode("MatMul", [source, matrix], {}, [made])
    else:
        yield OnnxNode("MatMul", [source, matrix], {}, [product])
        yield OnnxNode("Add", [product, bias], {}, [made])


def _causal(scores: Local, made: Local) -> Iterator[OnnxNode]:
    """Yields the nodes that take minus infinity as the score of what lies ahead."""
    shape, full, mask = Local("mask_shape"), Local("mask_full"), Local("mask")
    yield OnnxNode("Shape", [scores], {"start": -2}, [shape])
    yield OnnxNode("Expand", [Constant(-math.inf, "float32"), shape], {}, [full])
    yield OnnxNode("Trilu", [full, Constant(1, "int64")], {"upper": 1}, [mask])
    yield OnnxNode("Add", [scores, mask], {}, [made])
