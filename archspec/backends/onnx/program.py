"""A model in the making: ONNX nodes and the arrays they read, which no pass has to copy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from onnx import NodeProto

from archspec.ir.types import TensorType


@dataclass
class Program:
    """The nodes of a model and what they read and make, all by name.

    Passes change it in place; it is a valid model before and after each of them.

    Attributes:
        name: The model's name.
        title: The model's title for people, if any.
        opset: The version of ONNX's operators.
        inputs: The types of the inputs.
        outputs: The names of the outputs, the main one first.
        heads: The names of the auxiliary outputs, which exist in training only.
        nodes: The nodes, each after those it reads.
        arrays: The weights and constants.
        values: The types of inputs and of what nodes make, as far as they are known.
        makers: The operators that make the values, for messages.
    """

    name: str
    title: str | None
    opset: int
    inputs: dict[str, TensorType]
    outputs: list[str]
    heads: list[str]
    nodes: list[NodeProto] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    values: dict[str, TensorType] = field(default_factory=dict)
    makers: dict[str, str] = field(default_factory=dict)

    @property
    def results(self) -> list[str]:
        """The names of all outputs, the auxiliary ones last."""
        return [*self.outputs, *self.heads]

    def makers_of(self) -> dict[str, NodeProto]:
        """Returns the node that makes each value."""
        return {name: node for node in self.nodes for name in node.output if name}

    def readers_of(self) -> dict[str, list[NodeProto]]:
        """Returns the nodes that read each value or array, as often as they do."""
        readers: dict[str, list[NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                readers.setdefault(name, []).append(node)
        return readers

    def remove(self, nodes: Iterable[NodeProto]) -> None:
        """Takes nodes out."""
        gone = {id(node) for node in nodes}
        self.nodes = [node for node in self.nodes if id(node) not in gone]

    def sweep(self) -> None:
        """Takes out what no output needs: nodes, arrays and the types of values."""
        needed, kept = {*self.results}, []
        for node in reversed(self.nodes):
            if not needed.isdisjoint(node.output):
                needed.update(node.input)
                kept.append(node)
        self.nodes = kept[::-1]
        made = {*self.inputs, *(name for node in kept for name in node.output)}
        self.arrays = {name: array for name, array in self.arrays.items() if name in needed}
        self.values = {name: type_ for name, type_ in self.values.items() if name in made}
