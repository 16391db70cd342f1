"""What ONNX says of a program: its shapes are ours, and it is valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import onnx

from archspec.backends.onnx.program import Program
from archspec.backends.onnx.protos import agrees, weightless_proto
from archspec.ir.graph import Graph
from archspec.ir.op import FaultyOperatorError


def check_shapes(program: Program, graph: Graph) -> None:
    """Compares what ONNX infers from the inputs alone with the types in the program.

    Raises:
        FaultyOperatorError: They differ, or ONNX refuses an operator.
    """
    model = weightless_proto(program, typed=False)
    with _blame(graph):
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    for info in [*inferred.value_info, *inferred.output]:
        type_ = program.values.get(info.name)
        tied = bool(graph.equalities)
        if type_ and not agrees(info.type.tensor_type, type_, tied=tied):
            said = " ".join(str(info.type).split())
            raise FaultyOperatorError(
                program.makers[info.name], f"{info.name} is {type_}, but ONNX infers {said}"
            )


def check_model(program: Program, graph: Graph) -> None:
    """Runs ONNX's checker, with full inference of shapes.

    Raises:
        FaultyOperatorError: ONNX refuses an operator.
    """
    with _blame(graph):
        onnx.checker.check_model(weightless_proto(program, typed=True), full_check=True)


@contextmanager
def _blame(graph: Graph) -> Iterator[None]:
    """Names the operator that ONNX refuses.

    Raises:
        FaultyOperatorError: ONNX refuses one.
    """
    try:
        yield
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        text = str(error)
        nodes = [node for node in graph.nodes if re.search(rf"\b{re.escape(node.path)}\b", text)]
        if not nodes:
            raise
        kind = max(nodes, key=lambda node: len(node.path)).op.kind()
        raise FaultyOperatorError(kind, f"ONNX refuses it: {' '.join(text.split())}") from error
