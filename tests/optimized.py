"""ONNX models after some passes, and how far they are from torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from execution import Arrays, balanced_weights, random_inputs, random_weights, run_onnx, run_torch

from archspec.backends.onnx import OPSET, export, model_of
from archspec.ir.graph import Graph

TOLERANCE = 1e-5


def model(graph: Graph, names: Iterable[str], weights: Arrays | None = None) -> onnx.ModelProto:
    return model_of(graph, weights or random_weights(graph), metadata={}, passes=names)


def kinds(graph: Graph, names: Iterable[str], weights: Arrays | None = None) -> Counter[str]:
    return Counter(node.op_type for node in model(graph, names, weights).graph.node)


def arrays(made: onnx.ModelProto) -> set[str]:
    return {array.name for array in made.graph.initializer}


def apart(
    graph: Graph,
    names: Iterable[str],
    sizes: dict[str, int] | None = None,
    *,
    weights: Arrays | None = None,
    opset: int = OPSET,
) -> float:
    """Returns how far ONNX Runtime is from torch at most, after some passes."""
    weights = weights or balanced_weights(graph)
    inputs = random_inputs(graph, {"batch": 2} | (sizes or {}))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "net.onnx"
        export(graph, weights, file, metadata={}, passes=names, opset=opset)
        made = run_onnx(file, inputs)
    expected = run_torch(graph, weights, inputs)
    # Where a last ReLU leaves nothing, zeros must be zeros.
    return max(
        float(np.abs(array - made[name]).max() / (np.abs(array).max() or 1))
        for name, array in expected.items()
    )
