"""Global pooling to a vector."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, helper

from archspec.backends.onnx.attributes import attributes_of
from archspec.backends.onnx.program import Program

REDUCTIONS = {"GlobalAveragePool": "ReduceMean", "GlobalMaxPool": "ReduceMax"}
"""What a pooling over all positions is without the axes of size 1 that it leaves."""


def merge_pooling(program: Program) -> bool:
    """Makes a global pooling and the `Flatten` after it one reduction."""
    readers, merged = program.readers_of(), []
    for at, node in enumerate(program.nodes):
        if node.op_type not in REDUCTIONS or node.output[0] in program.results:
            continue
        flatten, *others = readers[node.output[0]]
        source = program.values.get(node.input[0])
        if others or source is None or not _flattens(flatten):
            continue
        # The operator's own path, where both come from one operator.
        path = node.name.removesuffix(f".{node.op_type}")
        axes = f"{path}.axes"
        program.arrays[axes] = np.arange(2, len(source.shape))
        operands, kind = [node.input[0], axes], REDUCTIONS[node.op_type]
        program.nodes[at] = helper.make_node(kind, operands, flatten.output, path, keepdims=0)
        merged.append(flatten)
    program.remove(merged)
    program.sweep()
    return bool(merged)


def _flattens(node: NodeProto) -> bool:
    return node.op_type == "Flatten" and attributes_of(node).get("axis", 1) == 1
