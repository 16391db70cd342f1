"""What a picture remarks on weights: whose they are if they are shared, and that they are frozen.

A remark stands once, at the largest thing that it holds of: a cluster, a box or an operator.
"""

from __future__ import annotations

from collections.abc import Sequence

from archspec.ir.graph import Node
from archspec.ir.totals import params


def remark(nodes: Sequence[Node]) -> str:
    """Returns what is to be said of the weights of all these nodes, or an empty string."""
    weighted = [node for node in nodes if node.tensors()]
    owners = {_owner(node, alone=len(weighted) == 1) for node in weighted}
    if len(owners) != 1:
        return ""
    (owner,) = owners
    if owner:
        return f"weights of {owner}"
    learning = [node for node in weighted if params(node)]
    return "frozen" if learning and all(node.treatment.frozen for node in learning) else ""


def _owner(node: Node, *, alone: bool) -> str:
    """Returns the scope whose weights a node uses, or the layer; nothing if they are its own."""
    if not node.shares or alone:
        return node.shares or ""
    owner, path = node.shares.split("."), node.path.split(".")
    while len(owner) > 1 and owner[-1:] == path[-1:]:
        owner.pop()
        path.pop()
    return ".".join(owner)
