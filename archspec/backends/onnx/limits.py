"""What ONNX can hold, checked before there are weights."""

from __future__ import annotations

from archspec.diagnostics import Refusal
from archspec.ir.graph import Graph

OPSET = 20
"""The opset that the lowerings are written for, and the oldest that can be asked for."""

NEWEST_OPSET = 26
"""The newest opset that can be asked for: what ONNX Runtime runs."""

IR_VERSION = 10
"""The oldest file format that is written; a newer opset may need a newer one."""


class ExportError(Refusal):
    """A graph cannot be said in ONNX."""


class OpsetError(ExportError):
    """The opset is not one that can be written."""


def require_sayable(graph: Graph, opset: int) -> None:
    """Checks what can be checked before there are weights.

    Raises:
        ExportError: ONNX cannot hold this graph.
        OpsetError: The opset cannot be written.
    """
    if not OPSET <= opset <= NEWEST_OPSET:
        raise OpsetError(
            f"opset {opset} cannot be written",
            f"use one from {OPSET} to {NEWEST_OPSET}, the newest that ONNX Runtime runs",
        )
    for name in (graph.outputs.keys() | graph.heads.keys()) & graph.inputs.keys():
        raise ExportError(
            f"an input and an output are both called {name}, which ONNX does not allow",
            "give the output another name",
        )
