"""Convolutions and linear layers whose weights are constants, as passes see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from onnx import NodeProto

from archspec.backends.onnx.attributes import attributes_of

WEIGHT, BIAS = 1, 2
"""Where nodes of layers read them."""


class Layer(NamedTuple):
    """A convolution or linear layer.

    Attributes:
        node: The node that reads the weight.
        form: The sizes of the weight as groups, input channels of a group, its output
            channels, and the kernel's size; one of them may be left to follow from the others.
        rank: How many axes the output has at least.
        position: Which axis of the output the channels are, counted from the end.
        bias: The node that reads the bias, if there is one, and where; a matrix product that
            no addition follows has no place for one.
    """

    node: NodeProto
    form: tuple[int, int, int, int]
    rank: int
    position: int
    bias: tuple[NodeProto, int] | None

    @property
    def last(self) -> NodeProto:
        """The node that makes the output."""
        return self.bias[0] if self.bias else self.node

    @property
    def channels(self) -> int:
        """How many output channels there are."""
        return self.form[0] * self.form[2]

    def per_channel(self, array: np.ndarray) -> np.ndarray | None:
        """Returns a constant that meets the output as a number for each channel, if it is one."""
        if array.ndim > self.rank:
            return None
        aligned = (1,) * (self.rank - array.ndim) + array.shape
        if array.size != aligned[self.position] or array.size not in (1, self.channels):
            return None
        return np.broadcast_to(array.astype(np.float64).reshape(-1), self.channels)

    def scaled(self, weight: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Returns the weight that makes an output that is scaled, computed in double precision."""
        made = np.empty(weight.shape, weight.dtype)
        factors = scale.reshape(self.form[0], 1, self.form[2], 1)
        into = made.reshape(self.form)
        np.multiply(weight.reshape(self.form), factors, out=into, dtype="d", casting="same_kind")
        return made


def layer_of(node: NodeProto, arrays: Mapping[str, np.ndarray]) -> Layer | None:
    """Returns the layer that a node is, if its weights are constants."""
    if node.op_type not in LAYERS or not all(name in arrays for name in node.input[WEIGHT:]):
        return None
    return LAYERS[node.op_type](node, arrays[node.input[WEIGHT]].shape, attributes_of(node))


def _conv(node: NodeProto, shape: tuple[int, ...], _: Mapping[str, object]) -> Layer:
    rank = len(shape)
    return Layer(node, (1, 1, shape[0], -1), rank, 1 - rank, (node, BIAS))


def _conv_transpose(
    node: NodeProto, shape: tuple[int, ...], attributes: Mapping[str, int]
) -> Layer:
    rank, groups = len(shape), attributes.get("group", 1)
    return Layer(node, (groups, shape[0] // groups, shape[1], -1), rank, 1 - rank, (node, BIAS))


def _gemm(node: NodeProto, shape: tuple[int, ...], attributes: Mapping[str, float]) -> Layer | None:
    if not attributes.get("alpha", 1) == attributes.get("beta", 1) == 1:
        return None
    first, second = shape
    form = (1, 1, first, second) if attributes.get("transB") else (1, first, second, 1)
    return Layer(node, form, 2, -1, (node, BIAS))


def _mat_mul(node: NodeProto, shape: tuple[int, ...], _: Mapping[str, object]) -> Layer | None:
    return Layer(node, (1, shape[0], shape[1], 1), 2, -1, None) if len(shape) == 2 else None


LAYERS = {"Conv": _conv, "ConvTranspose": _conv_transpose, "Gemm": _gemm, "MatMul": _mat_mul}
"""How the nodes of layers say what their weights' sizes mean."""
