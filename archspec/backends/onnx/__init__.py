"""The ONNX backend: a graph and its weights as an ONNX model for inference.

The model is written from the operators' lowerings. Nothing is traced, so no name or shape
is lost: a node is called by its path, an initialiser `path.parameter`. Passes then make it
smaller and faster (`archspec.backends.onnx.passes`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np
from onnx import ModelProto

from archspec.backends.fit import check_fits
from archspec.backends.onnx.checks import check_model, check_shapes
from archspec.backends.onnx.emitter import emit
from archspec.backends.onnx.files import write, write_parts
from archspec.backends.onnx.limits import (
    IR_VERSION,
    NEWEST_OPSET,
    OPSET,
    ExportError,
    OpsetError,
    require_sayable,
)
from archspec.backends.onnx.passes import (
    PASSES,
    PASSES_BY_DEFAULT,
    PassError,
    apply,
    passes_without,
)
from archspec.backends.onnx.program import Program
from archspec.backends.onnx.protos import model_parts
from archspec.backends.onnx.wire import merged
from archspec.ir.graph import Graph

__all__ = [
    "IR_VERSION",
    "NEWEST_OPSET",
    "OPSET",
    "PASSES",
    "PASSES_BY_DEFAULT",
    "ExportError",
    "OpsetError",
    "PassError",
    "export",
    "model_of",
    "passes_without",
    "require_sayable",
    "write",
]


def export(
    graph: Graph,
    weights: Mapping[str, np.ndarray],
    path: Path,
    *,
    metadata: Mapping[str, str],
    opset: int = OPSET,
    passes: Iterable[str] = PASSES_BY_DEFAULT,
) -> None:
    """Writes the inference graph with its weights as an ONNX file, whole or not at all.

    The arguments are those of `model_of`, and `path` is the file to write.

    Raises:
        ExportError: ONNX cannot hold this graph.
        OpsetError: The opset cannot be written.
        PassError: There is no such pass.
        MisfitError: The weights are not the graph's.
        OSError: The file cannot be written.
    """
    write_parts(model_parts(_program(graph, weights, opset, {*passes}), metadata), path)


def model_of(
    graph: Graph,
    weights: Mapping[str, np.ndarray],
    *,
    metadata: Mapping[str, str],
    opset: int = OPSET,
    passes: Iterable[str] = PASSES_BY_DEFAULT,
) -> ModelProto:
    """Returns the inference graph with its weights as an ONNX model that was checked.

    The batch and all symbolic sizes stay free.

    Args:
        graph: The network.
        weights: Its weights by `path.parameter`.
        metadata: What is stored beside the graph, by name.
        opset: The version of ONNX's operators.
        passes: The names of the passes to run, of `PASSES`, in any order.

    Raises:
        ExportError: ONNX cannot hold this graph.
        OpsetError: The opset cannot be written.
        PassError: There is no such pass.
        MisfitError: The weights are not the graph's.
    """
    return merged(model_parts(_program(graph, weights, opset, {*passes}), metadata))


def _program(
    graph: Graph, weights: Mapping[str, np.ndarray], opset: int, passes: Collection[str]
) -> Program:
    require_sayable(graph, opset)
    check_fits(graph, weights, heads="remove_heads" not in passes)
    program = emit(graph, weights, opset)
    check_shapes(program, graph)
    apply(program, passes)
    check_model(program, graph)
    return program
