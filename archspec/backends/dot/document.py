"""A picture as a document in Graphviz's language."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import graphviz

from archspec.backends.dot import labels
from archspec.backends.dot.columns import Columns, columns
from archspec.backends.dot.compose import compose
from archspec.backends.dot.picture import Box, Cluster
from archspec.backends.dot.size import Size, estimate
from archspec.backends.dot.wires import Wire, input_terminal, output_terminal, wires
from archspec.ir.graph import Graph

FONT = "Helvetica,Arial,DejaVu Sans,sans-serif"
"""Arial has the widths of Helvetica, so a box measured in one fits the other."""

INK = "#444444"
GRAPH = {
    "fontname": FONT,
    "labelloc": "t",
    "newrank": "true",
    "nodesep": "0.2",
    "ranksep": "0.22",
    "pad": "0.3",
}
NODE = {"fontname": FONT, "fontsize": "11", "shape": "plain"}
EDGE = {"fontname": FONT, "fontsize": "9.5", "color": INK, "fontcolor": INK, "arrowsize": "0.6"}
TERMINAL = {"shape": "box", "style": "rounded,bold", "margin": "0.12,0.05"}
CLUSTER = {
    "fontsize": "12",
    "labeljust": "l",
    "color": "#888888",
    "margin": "8",
    "style": "rounded",
}
HEAD = CLUSTER | {"style": "rounded,dashed", "margin": "20"}
JUNCTION = {"label": "", "shape": "point", "width": "0.06", "color": INK}
CORNER = {"shape": "point", "width": "0", "style": "invis"}
CORNERS = ("foot", "turn", "rise", "head")
"""Where a wire to the next column bends."""
TRUNK, BRANCH, SLACK = "12", "2", "1"
"""How much an edge resists being long or bent; the way to the next column is the longest."""


class Document(NamedTuple):
    """A document in Graphviz's language.

    Attributes:
        source: The text.
        boxes: How many boxes it has.
    """

    source: str
    boxes: int


def document(graph: Graph, depth: int | None = None) -> Document:
    """Returns the diagram of a graph.

    Args:
        graph: The graph.
        depth: Scopes nested deeper are one box each; `None` shows everything.
    """
    picture = compose(graph, depth)
    joined = wires(graph, picture)
    size = estimate(picture, joined)
    writer = _Writer(picture, joined, columns(picture, joined, size), size)
    return Document(writer.write(graph), len(size.bottoms))


class _Writer:
    """Writes a picture, one column after the other."""

    def __init__(
        self, picture: Cluster, joined: Sequence[Wire], folded: Columns, size: Size
    ) -> None:
        self.picture = picture
        self.wires = joined
        self.columns = folded
        self.trunk = size.trunk
        self.leaving: dict[str, list[str]] = {}
        self.junctions: dict[tuple[int, str], list[Wire]] = {}
        around = {box.path: paths for box, paths in picture.placed()}
        for wire in joined:
            self.leaving.setdefault(wire.source, []).append(str(wire.value.type))
            if len(wire.readers) > 1:
                places = [around.get(reader.target, ()) for reader in wire.readers]
                self.junctions.setdefault(self._place(wire, places), []).append(wire)
        self.dot = graphviz.Digraph()

    def write(self, graph: Graph) -> str:
        """Returns the document."""
        self.dot.attr(**GRAPH, label=labels.title(graph, self.picture.boxes()))
        self.dot.attr("node", **NODE)
        self.dot.attr("edge", **EDGE)
        self._terminals(graph)
        for column in range(len(self.columns.joints) + 1):
            self._items(self.dot, self.picture, column)
        for wire in self.wires:
            self._wire(wire)
        if self.columns.joints:
            self._frame(graph)
        return self.dot.source

    def _place(self, wire: Wire, around: Sequence[tuple[str, ...]]) -> tuple[int, str]:
        """Returns the column and the innermost cluster that all readers of a wire are in."""
        shared = ""
        for paths in zip(*around, strict=False):
            if len(set(paths)) > 1:
                break
            shared = paths[0]
        ends = [wire.source, *(reader.target for reader in wire.readers)]
        return max(self.columns.of.get(end, 0) for end in ends), shared

    def _terminals(self, graph: Graph) -> None:
        for name, value in graph.inputs.items():
            label = labels.terminal(name, str(value.type))
            self.dot.node(input_terminal(name), label, **TERMINAL)
        for name, value in graph.outputs.items():
            label = labels.terminal(name, str(value.type))
            self.dot.node(output_terminal(name), label, **TERMINAL)
        for name, head in graph.heads.items():
            label = labels.terminal(name, str(head.value.type), f"loss × {head.weight:g}")
            self.dot.node(output_terminal(name), label, **TERMINAL | {"style": "rounded,dashed"})

    def _items(self, into: graphviz.Digraph, cluster: Cluster, column: int) -> None:
        for wire in self.junctions.get((column, cluster.path), ()):
            into.node(_junction(wire), tooltip=_saying(wire), **JUNCTION)
        for item in cluster.items:
            if isinstance(item, Box):
                if self.columns.of[item.path] == column:
                    label = labels.box(item, self.leaving.get(item.path, ()))
                    into.node(item.path, label, tooltip=graphviz.escape(labels.details(item)))
            elif any(self.columns.of[box.path] == column for box in item.boxes()):
                with into.subgraph(name=f"cluster {item.path} {column}") as inner:
                    first = min(self.columns.of[box.path] for box in item.boxes())
                    label = labels.cluster(item, continued=column > first)
                    inner.attr(**HEAD if item.head else CLUSTER, label=label, tooltip=item.path)
                    self._items(inner, item, column)

    def _wire(self, wire: Wire) -> None:
        source = wire.source
        label = wire.label
        on_trunk = any((wire.source, reader.target) in self.trunk for reader in wire.readers)
        if wire.value.name in self.columns.joints:
            self._corners(wire)
            source, label = _corner("head", wire.value.name), ""
        if len(wire.readers) > 1:
            weight = TRUNK if on_trunk else BRANCH
            self._edge(source, _junction(wire), wire, label, weight=weight, arrowhead="none")
            source, label = _junction(wire), ""
        for reader in wire.readers:
            weight = TRUNK if (wire.source, reader.target) in self.trunk else BRANCH
            text = f"{reader.label} {label}".strip()
            self._edge(source, reader.target, wire, text, weight=weight)

    def _edge(self, tail: str, head: str, wire: Wire, label: str = "", **attributes: str) -> None:
        text = labels.edge(label) if label else ""
        self.dot.edge(tail, head, text, tooltip=_saying(wire), **attributes)

    def _corners(self, wire: Wire) -> None:
        """Leads a wire from the foot of its column up to the head of the next."""
        foot, turn, rise, head = (_corner(place, wire.value.name) for place in CORNERS)
        for corner in (foot, turn, rise, head):
            self.dot.node(corner, "", **CORNER)
        self._edge(wire.source, foot, wire, wire.label, weight=SLACK, arrowhead="none")
        self._edge(foot, turn, wire, weight="0", arrowhead="none")
        self._edge(rise, turn, wire, weight=TRUNK, arrowhead="none")
        self._edge(rise, head, wire, weight="0", arrowhead="none")

    def _frame(self, graph: Graph) -> None:
        """Ranks the corners at the top and bottom, ordered from the first column to the last."""
        top = [input_terminal(name) for name in graph.inputs][:1]
        bottom = []
        for value in self.columns.joints:
            foot, turn, rise, head = (_corner(place, value) for place in CORNERS)
            top += [rise, head]
            bottom += [foot, turn]
        for rank, corners in (("min", top), ("max", bottom)):
            with self.dot.subgraph() as row:
                row.attr(rank=rank)
                for corner in corners:
                    row.node(corner)
            for left, right in pairwise(corners):
                self.dot.edge(left, right, style="invis", weight="0")


def _junction(wire: Wire) -> str:
    return f"value {wire.value.name}"


def _corner(place: str, value: str) -> str:
    return f"{place} {value}"


def _saying(wire: Wire) -> str:
    return f"{wire.value.name}: {wire.value.type}"
