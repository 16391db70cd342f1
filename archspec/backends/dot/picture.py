"""What a diagram shows: boxes of operators, nested in clusters as the name paths are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from archspec.ir.graph import Node


class Line(NamedTuple):
    """Operators on one line of a box; none but the first changes the shape.

    Attributes:
        name: What the line is called within its box; empty if the operator's name says it.
        nodes: The operators in order.
    """

    name: str
    nodes: tuple[Node, ...]


class Box(NamedTuple):
    """Operators that follow one another, or a whole scope that is not looked into.

    Attributes:
        path: The name path of its first node, or of the scope that it stands for.
        name: What is written above its lines; empty if they say it.
        nodes: All operators in it.
        lines: What it shows; nothing if the scope is collapsed.
        head: The training-only head that it is the whole of.
    """

    path: str
    name: str
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...] = ()
    head: str | None = None


class Cluster(NamedTuple):
    """A scope that is drawn around its parts.

    Attributes:
        path: The name path; empty for the whole network.
        name: What is written in its corner.
        items: Its parts in the order of the network.
        head: The training-only head that it is the whole of.
    """

    path: str
    name: str
    items: tuple[Item, ...]
    head: str | None = None

    def boxes(self) -> Iterator[Box]:
        """Yields the boxes in it, at any depth."""
        for box, _ in self.placed():
            yield box

    def placed(self) -> Iterator[tuple[Box, tuple[str, ...]]]:
        """Yields the boxes in it, with the paths of the clusters around each, outermost first."""
        for item in self.items:
            if isinstance(item, Box):
                yield item, ()
            else:
                for box, around in item.placed():
                    yield box, (item.path, *around)


Item: TypeAlias = Box | Cluster
