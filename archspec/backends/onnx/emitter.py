"""The ONNX nodes of a graph, from the lowerings of its operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import defs, helper

from archspec.backends.onnx.program import Program
from archspec.ir.graph import Graph, Node
from archspec.ir.lowering import Constant, Input, Local, OnnxOperand, Output, Weight
from archspec.ir.op import FaultyOperatorError
from archspec.ir.types import TensorType


def emit(graph: Graph, weights: Mapping[str, np.ndarray], opset: int) -> Program:
    """Returns all nodes of a graph in ONNX, as they stand in the graph.

    What is nothing in evaluation mode is an `Identity`, and so is each output, whose name is
    the spec's.

    Args:
        graph: The network.
        weights: Its weights by `path.parameter`; those of heads may be missing, and are zeros.
        opset: The version of ONNX's operators.

    Raises:
        FaultyOperatorError: A lowering breaks its contract.
    """
    results = graph.outputs | {name: head.value for name, head in graph.heads.items()}
    program = Program(
        graph.stem,
        graph.title,
        opset,
        {name: value.type for name, value in graph.inputs.items()},
        [*graph.outputs],
        [*graph.heads],
    )
    program.values |= program.inputs
    emitter = _Emitter(program, weights, {*graph.inputs, *results})
    for node in graph.nodes:
        emitter.add(node)
    for name, value in results.items():
        emitter.add_identity(emitter.free(name), emitter.name_of(value.name), name, value.type)
    return program


class _Emitter:
    """Adds the nodes of a graph to a program, whose inputs and outputs have the public names."""

    def __init__(
        self, program: Program, weights: Mapping[str, np.ndarray], public: set[str]
    ) -> None:
        self._program = program
        self._weights = weights
        self._public = public
        self._constants = 0

    def add(self, node: Node) -> None:
        try:
            self._write(node)
        except (LookupError, TypeError, ValueError) as error:
            message = f"its ONNX nodes cannot be written: {type(error).__name__}: {error}"
            raise FaultyOperatorError(node.op.kind(), message) from error

    def add_identity(self, name: str, source: str, made: str, type_: TensorType) -> None:
        self._program.nodes.append(helper.make_node("Identity", [source], [made], name))
        self._program.values[made] = type_
        self._program.makers.setdefault(made, "identity")

    def free(self, output: str) -> str:
        """Returns a name that no node has, for the one that makes an output of its value."""
        used = {node.name for node in self._program.nodes}
        name = f"{output}.Identity"
        while name in used:
            name += ".output"
        return name

    def name_of(self, value: str) -> str:
        """Returns the name of a value: its own, if that is not the name of an output."""
        if value in self._program.inputs or value not in self._public:
            return value
        return f"{value}.output"

    def _write(self, node: Node) -> None:
        lowering = node.op.onnx(*node.input_types)
        if not lowering:
            self._write_nothing(node)
        kinds: Counter[str] = Counter()
        self._constants = 0
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
            self._program.nodes.append(made)

    def _write_nothing(self, node: Node) -> None:
        source, made = self.name_of(node.inputs[0].name), self.name_of(node.output.name)
        self._program.makers[made] = node.op.kind()
        self.add_identity(node.path, source, made, node.output.type)

    def _operand(self, node: Node, operand: OnnxOperand) -> str:
        arrays = self._program.arrays
        match operand:
            case None:
                return ""
            case Input(index):
                return self.name_of(node.inputs[index].name)
            case Local(local):
                return f"{node.path}.{local}"
            case Weight(weight):
                name = f"{node.owner}.{weight}"
                shape = node.tensors()[weight].shape
                zeros = np.broadcast_to(np.float32(0), shape)  # of no memory
                arrays[name] = np.asarray(self._weights.get(name, zeros), np.float32)
                return name
            case Constant(value, dtype):
                name = f"{node.path}.constant_{self._constants}"
                self._constants += 1
                arrays[name] = np.array(value, dtype)
                return name

    def _result(self, node: Node, result: Local | Output) -> str:
        if isinstance(result, Local):
            return f"{node.path}.{result.name}"
        value = node.outputs[result.position]
        name = self.name_of(value.name)
        self._program.values[name] = value.type
        self._program.makers[name] = node.op.kind()
        return name


def _name(path: str, op_type: str, used: Counter[str]) -> str:
    return f"{path}.{op_type}" + (f"_{used[op_type]}" if used[op_type] > 1 else "")
