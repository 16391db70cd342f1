"""The ONNX nodes of a graph, from the lowerings of its operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import NodeProto, defs, helper

from archspec.ir.graph import Graph, Node
from archspec.ir.lowering import Constant, Input, Local, OnnxOperand, Output, Weight
from archspec.ir.op import FaultyOperatorError
from archspec.ir.types import TensorType


class Emitter:
    """The inference nodes of a graph in ONNX, and what they read.

    Attributes:
        nodes: The ONNX nodes, each after those it reads.
        weights: The shapes of the weights they read, by `path.name`.
        constants: The constants they read, by name.
        values: The types of what the graph's nodes make, by name.
        makers: The operators that make them, by name.
    """

    def __init__(self, graph: Graph) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, tuple[int, ...]] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.values: dict[str, TensorType] = {}
        self.makers: dict[str, str] = {}
        self._names = _value_names(graph)
        for node in graph.inference_nodes():
            self._add(node)
        for name, value in graph.outputs.items():
            if self._names[value.name] != name:
                inner = [self._names[value.name]]
                self.nodes.append(helper.make_node("Identity", inner, [name], f"{name}.Identity"))
            self.values[name] = value.type
            self.makers.setdefault(name, "identity")

    def _add(self, node: Node) -> None:
        try:
            self._write(node)
        except (LookupError, TypeError, ValueError) as error:
            message = f"its ONNX nodes cannot be written: {type(error).__name__}: {error}"
            raise FaultyOperatorError(node.op.kind(), message) from error

    def _write(self, node: Node) -> None:
        lowering = node.op.onnx(*node.input_types)
        kinds: Counter[str] = Counter()
        for step in lowering:
            attributes: Mapping[str, Any] = step.attributes
            kinds[step.op_type] += 1
            if not defs.has(step.op_type):
                raise FaultyOperatorError(node.op.kind(), f"ONNX has no operator {step.op_type}")
            made = helper.make_node(
                step.op_type,
                [self._operand(node, operand) for operand in step.inputs],
                [self._result(node, result) for result in step.outputs],
                name=node.path if len(lowering) == 1 else _name(node.path, step.op_type, kinds),
                **attributes,
            )
            self.nodes.append(made)

    def _operand(self, node: Node, operand: OnnxOperand) -> str:
        match operand:
            case None:
                return ""
            case Input(index):
                return self._names[node.inputs[index].name]
            case Local(local):
                return f"{node.path}.{local}"
            case Weight(weight):
                name = f"{node.owner}.{weight}"
                self.weights[name] = node.tensors()[weight].shape
                return name
            case Constant(value, dtype):
                name = f"{node.path}.constant_{len(self.constants)}"
                self.constants[name] = np.array(value, dtype)
                return name

    def _result(self, node: Node, result: Local | Output) -> str:
        if isinstance(result, Local):
            return f"{node.path}.{result.name}"
        value = node.outputs[result.position]
        name = self._names[value.name]
        self.values[name] = value.type
        self.makers[name] = node.op.kind()
        return name


def _name(path: str, op_type: str, used: Counter[str]) -> str:
    return f"{path}.{op_type}" + (f"_{used[op_type]}" if used[op_type] > 1 else "")


def _value_names(graph: Graph) -> dict[str, str]:
    """Returns the ONNX name of each value; values that are the same tensor share one.

    An output's tensor is called as the output, all others by the path of their node.
    """
    tensors = {name: name for name in graph.inputs}
    for node in graph.inference_nodes():
        if node.op.onnx(*node.input_types):
            tensors |= {value.name: value.name for value in node.outputs}
        else:
            tensors[node.output.name] = tensors[node.inputs[0].name]
    names = {name: name for name in graph.inputs}
    for name, value in graph.outputs.items():
        names.setdefault(tensors[value.name], name)
    public = {*graph.inputs, *graph.outputs}
    for tensor in tensors.values():
        names.setdefault(tensor, f"{tensor}.output" if tensor in public else tensor)
    return {value: names[tensor] for value, tensor in tensors.items()}
