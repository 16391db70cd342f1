"""Nodes that are put before a network, in the graph of its model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Attribute: TypeAlias = int | str | list[int]


class Front:
    """The nodes before the network, each reading the one before it.

    Attributes:
        nodes: The nodes.
        constants: What they read beside the images.
        last: The name of what the last of them makes.
    """

    def __init__(self, taken: ValueInfoProto, graph: GraphProto) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.last = taken.name
        self._input = taken.name
        self._used = set(_names(graph))

    def add(self, op_type: str, *operands: np.ndarray | None, **attributes: Attribute) -> None:
        """Adds a node that reads what the last one makes, and constants."""
        self.last = self.node(op_type, self.last, *operands, **attributes)

    def node(
        self, op_type: str, *operands: str | np.ndarray | None, **attributes: Attribute
    ) -> str:
        """Adds a node that reads values by name, and constants; returns what it makes."""
        name = self._free(f"{self._input}.{op_type}")
        inputs = [
            self._constant(name, operand) if isinstance(operand, np.ndarray) else operand or ""
            for operand in operands
        ]
        made = helper.make_node(op_type, inputs, [name], name=name)
        made.attribute.extend(helper.make_attribute(key, v) for key, v in attributes.items())
        self.nodes.append(made)
        return name

    def _constant(self, node: str, value: np.ndarray) -> str:
        name = self._free(f"{node}.constant")
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def _free(self, wanted: str) -> str:
        """Returns a name like the one wanted that nothing in the graph has."""
        name = next(n for n in _numbered(wanted) if n not in self._used)
        self._used.add(name)
        return name


def _names(graph: GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield from (node.name, *node.input, *node.output)
    yield from (tensor.name for tensor in graph.initializer)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1
