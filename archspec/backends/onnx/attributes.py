"""Reading and changing the attributes of ONNX nodes."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, helper


def attributes_of(node: NodeProto) -> dict[str, Any]:
    """Returns the attributes of a node by name."""
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def set_attribute(node: NodeProto, name: str, value: object) -> None:
    """Sets an attribute of a node; `None` takes it away."""
    kept = [attribute for attribute in node.attribute if attribute.name != name]
    del node.attribute[:]
    node.attribute.extend(kept)
    if value is not None:
        node.attribute.append(helper.make_attribute(name, value))
