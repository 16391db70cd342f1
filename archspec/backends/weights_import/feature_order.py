"""In which order Keras has the features that a layer reads or makes.

Keras keeps the channels of an image last, so `Flatten` lays out the same values in another
order than here, where they come first; and so it is, the other way round, where features are
given the shape of an image.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from archspec.ir.graph import Graph, Node, Value
from archspec.ir.types import TensorType

Orders = dict[str, np.ndarray]
"""Keras's number of each of our features; none where nothing can be said."""

UNKNOWN = np.empty(0, dtype=np.int64)

SEQUENCES = frozenset(
    {"linear", "lstm", "gru", "rnn", "embedding", "layer_norm", "rms_norm", "multi_head_attention",
     "cross_attention", "position_embedding", "sinusoidal_position_embedding", "class_token"}
)  # fmt: skip
"""Operators of sequences `[T, features]`, which both have in one layout."""


def feature_orders(graph: Graph) -> tuple[Orders, Orders]:
    """Returns the orders of what layers read and of what they make, by path, where they differ."""
    makers = {value.name: node for node in graph.nodes for value in node.outputs}
    readers: dict[str, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        for value in node.inputs:
            readers[value.name].append(node)
    layouts = _Layouts(makers, readers)
    orders = _flattened(graph, layouts) | _unflattened(graph, layouts, makers)
    ins = {
        node.path: orders[node.inputs[0].name]
        for node in graph.nodes
        if node.inputs and node.inputs[0].name in orders
    }
    outs = {node.path: orders[node.output.name] for node in graph.nodes
            if node.output.name in orders}  # fmt: skip
    return ins, outs


class _Layouts:
    """Which values have their channels last in Keras."""

    def __init__(self, makers: Mapping[str, Node], readers: Mapping[str, Sequence[Node]]) -> None:
        self.makers, self.readers = makers, readers

    def order(self, value: Value) -> np.ndarray | None:
        """Returns Keras's numbers of an image's values, laid out; `None` if they are ours."""
        shape = value.type.example
        if len(shape) < 2 or not all(isinstance(size, int) for size in shape):
            return None
        if len(shape) == 2 and not self._is_signal(value):
            return None
        maker = self.makers.get(value.name)
        if maker is not None and maker.op.kind() == "permute":
            return UNKNOWN
        channels, *others = (int(str(size)) for size in shape)
        if channels == 1 or math.prod(others) == 1:
            return None
        numbers = np.arange(channels * math.prod(others)).reshape(*others, channels)
        return np.moveaxis(numbers, -1, 0).reshape(-1)

    def _is_signal(self, value: Value) -> bool:
        """Returns whether two axes are channels and positions, as convolutions have them."""
        waiting, seen = [value], {value.name}
        for current in waiting:
            maker = self.makers.get(current.name)
            around = [*self.readers.get(current.name, ()), *([maker] if maker else [])]
            for node in around:
                kind = node.op.kind()
                if kind in SEQUENCES:
                    return False
                if kind.endswith("1d") or kind == "batch_norm":
                    return True
                for other in (*node.inputs, *node.outputs):
                    if other.type == value.type and other.name not in seen:
                        seen.add(other.name)
                        waiting.append(other)
        return False


def _flattened(graph: Graph, layouts: _Layouts) -> Orders:
    """Returns the orders of features that were laid out, as far as they reach."""
    orders: Orders = {}
    for node in graph.nodes:
        order = _order_after(node, orders, layouts)
        if order is not None:
            orders[node.output.name] = order
    return orders


def _order_after(node: Node, orders: Orders, layouts: _Layouts) -> np.ndarray | None:
    kind, types = node.op.kind(), node.input_types
    if kind in ("flatten", "reshape") and len(node.output.type.example) == 1:
        return orders.get(node.inputs[0].name, layouts.order(node.inputs[0]))
    if kind == "linear" or not any(value.name in orders for value in node.inputs):
        return None
    if kind == "concat":
        return _joined(node, orders)
    if all(type_ == node.output.type for type_ in types):
        given = [orders.get(value.name, UNKNOWN) for value in node.inputs]
        return given[0] if all(np.array_equal(a, b) for a, b in pairwise(given)) else UNKNOWN
    if kind == "reshape":
        return None
    return UNKNOWN if _is_vector(node.output.type) else None


def _joined(node: Node, orders: Orders) -> np.ndarray:
    parts, start = [], 0
    for value in node.inputs:
        size = value.type.example[0]
        order = orders.get(value.name)
        if not isinstance(size, int) or not _is_vector(value.type) or order is UNKNOWN:
            return UNKNOWN
        parts.append(start + (np.arange(size) if order is None else order))
        start += size
    return np.concatenate(parts)


def _unflattened(graph: Graph, layouts: _Layouts, makers: Mapping[str, Node]) -> Orders:
    """Returns the orders of features that become images, back to the layer that makes them."""
    orders: Orders = {}
    for node in graph.nodes:
        if node.op.kind() != "reshape" or not _is_vector(node.input_types[0]):
            continue
        order, value = layouts.order(node.output), node.inputs[0]
        while order is not None:
            orders[value.name] = order
            maker = makers.get(value.name)
            if maker is None or maker.op.kind() == "linear" or len(maker.inputs) != 1:
                break
            if maker.input_types[0] != value.type:
                break
            value = maker.inputs[0]
    return orders


def _is_vector(type_: TensorType) -> bool:
    return len(type_.example) == 1
