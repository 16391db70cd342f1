"""Which nodes of a model stay in single precision when the others get by with less."""

from __future__ import annotations

from onnx import ModelProto, NodeProto

PRECISION, SINGLE = "archspec.precision", "single"


def keep_single(node: NodeProto) -> None:
    """Notes that a node needs single precision, such as one whose values are squares."""
    node.metadata_props.add(key=PRECISION, value=SINGLE)


def kept_single(model: ModelProto) -> list[str]:
    """Returns the names of the nodes that need single precision."""
    return [node.name for node in model.graph.node if _is_kept(node)]


def _is_kept(node: NodeProto) -> bool:
    return any((e.key, e.value) == (PRECISION, SINGLE) for e in node.metadata_props)
