"""Names of layers, and of what they are in, by pattern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from archspec.ir.graph import Graph


def matching(name: str, patterns: Sequence[str]) -> Iterator[str]:
    """Yields the patterns that match a dotted name, or the beginning of it up to a dot.

    So `base` and `b*` match all that is within `base`.
    """
    parts = name.split(".")
    ends = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    yield from (p for p in patterns if any(fnmatchcase(end, p) for end in ends))


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Returns whether one of the patterns matches."""
    return any(True for _ in matching(name, patterns))


def layer_names(graph: Graph) -> list[str]:
    """Returns the names of all layers and of what they are in, in the order of the network."""
    found: dict[str, None] = {}
    for node in graph.nodes:
        parts = node.path.split(".")
        found |= {".".join(parts[:end]): None for end in range(1, len(parts) + 1)}
    return [*found]


def tensor_names(graph: Graph) -> list[str]:
    """Returns the names of all weights and statistics that layers own."""
    return [f"{node.path}.{name}" for node in graph.nodes for name in node.parameters()]
