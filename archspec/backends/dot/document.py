"""A picture as a document in Graphviz's language."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import graphviz

from archspec.backends.dot import labels, style
from archspec.backends.dot.columns import Columns, fold
from archspec.backends.dot.compose import compose
from archspec.backends.dot.picture import Box, Cluster
from archspec.backends.dot.remarks import remark
from archspec.backends.dot.size import estimate
from archspec.backends.dot.wires import Wire, input_terminal, output_terminal, wires
from archspec.ir.graph import Graph

MOST_STEPS = 4000
"""How long Graphviz may straighten lines: more than networks of 500 boxes need. Without a
limit a chain of some thousand layers takes it minutes."""


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
    folded = fold(picture, joined, size)
    dot = graphviz.Digraph(graph.name)
    dot.attr(**style.GRAPH, label=labels.title(graph, picture.boxes()), tooltip=graph.name)
    dot.attr(nslimit=str(max(1, MOST_STEPS // max(1, len(size.places)))))
    dot.attr("node", **style.NODE)
    dot.attr("edge", **style.EDGE)
    _write_terminals(dot, graph)
    boxes = _Boxes(picture, joined, folded)
    for column in range(len(folded.further) + 1):
        boxes.write(dot, picture, column)
    _Wires(dot, folded, size.trunk).write(joined)
    if folded.further:
        _write_frame(dot, graph, folded)
    return Document(str(dot.source), len(size.places))


def _write_terminals(dot: graphviz.Digraph, graph: Graph) -> None:
    for name, value in graph.inputs.items():
        label = labels.terminal(name, str(value.type))
        dot.node(input_terminal(name), label, tooltip=name, **style.TERMINAL)
    for name, value in graph.outputs.items():
        label = labels.terminal(name, str(value.type))
        dot.node(output_terminal(name), label, tooltip=name, **style.TERMINAL)
    for name, head in graph.heads.items():
        label = labels.terminal(name, str(head.value.type), f"loss × {head.weight:g}")
        dot.node(output_terminal(name), label, tooltip=name, **style.HEAD_TERMINAL)


class _Boxes:
    """Writes boxes, clusters, and the points at which wires split."""

    def __init__(self, picture: Cluster, joined: Sequence[Wire], folded: Columns) -> None:
        self.column_of = folded.of
        self.leaving: dict[str, list[str]] = {}
        self.splitting: dict[tuple[int, str], list[Wire]] = {}
        around = {box.path: paths for box, paths in picture.placed()}
        for wire in joined:
            self.leaving.setdefault(wire.source, []).append(str(wire.value.type))
            if len(wire.readers) > 1:
                ends = [wire.source, *(reader.target for reader in wire.readers)]
                column = max(self.column_of.get(end, 0) for end in ends)
                inside = _innermost([around.get(reader.target, ()) for reader in wire.readers])
                self.splitting.setdefault((column, inside), []).append(wire)

    def write(
        self, dot: graphviz.Digraph, cluster: Cluster, column: int, *, remarked: bool = False
    ) -> None:
        """Writes the part of a cluster that is in a column.

        What is remarked on a cluster is not repeated inside.
        """
        for wire in self.splitting.get((column, cluster.path), ()):
            dot.node(_junction(wire), tooltip=labels.value(wire.value), **style.JUNCTION)
        for item in cluster.items:
            if isinstance(item, Box):
                if self.column_of[item.path] == column:
                    label = labels.box(item, self.leaving.get(item.path, ()), remarked=remarked)
                    dot.node(item.path, label, tooltip=labels.details(item))
                continue
            columns = {self.column_of[box.path] for box in item.boxes()}
            if column in columns:
                nodes = [node for box in item.boxes() for node in box.nodes]
                said = "" if remarked else remark(nodes)
                label = labels.cluster(item, said, continued=column > min(columns))
                look = style.HEAD_CLUSTER if item.head else style.CLUSTER
                with dot.subgraph(name=f"cluster {item.path} {column}") as inner:
                    inner.attr(label=label, tooltip=item.path, **look)
                    self.write(inner, item, column, remarked=remarked or bool(said))


def _innermost(around: Sequence[Sequence[str]]) -> str:
    """Returns the path of the innermost cluster that is around all."""
    shared = ""
    for paths in zip(*around, strict=False):
        if len(set(paths)) > 1:
            break
        shared = paths[0]
    return shared


class _Wires:
    """Writes wires: from their source, round the corners to the next column, to the readers."""

    def __init__(
        self, dot: graphviz.Digraph, folded: Columns, trunk: frozenset[tuple[str, str]]
    ) -> None:
        self.dot = dot
        self.into = {column.value: column for column in folded.further}
        self.trunk = trunk

    def write(self, joined: Sequence[Wire]) -> None:
        """Writes all wires."""
        for wire in joined:
            weights = [
                style.TRUNK if (wire.source, reader.target) in self.trunk else style.BRANCH
                for reader in wire.readers
            ]
            source, label, rows = wire.source, wire.label, 1
            if column := self.into.get(wire.value.name):
                self._lead(wire)
                source, label, rows = _corners(wire.value.name)[-1], "", column.down + 1
            if len(wire.readers) > 1:
                weight = style.TRUNK if style.TRUNK in weights else style.BRANCH
                self._edge(source, _junction(wire), wire, label, weight, rows, arrow=False)
                source, label, rows = _junction(wire), "", 1
            for reader, weight in zip(wire.readers, weights, strict=True):
                text = f"{reader.label} {label}".strip()
                self._edge(source, reader.target, wire, text, weight, rows)

    def _lead(self, wire: Wire) -> None:
        """Leads a wire from the foot of its column up to the head of the next."""
        foot, turn, rise, head = corners = _corners(wire.value.name)
        for corner in corners:
            self.dot.node(corner, **style.CORNER)
        self._edge(wire.source, foot, wire, wire.label, style.SLACK, arrow=False)
        self._edge(foot, turn, wire, "", style.LOOSE, arrow=False)
        self._edge(rise, turn, wire, "", style.TRUNK, arrow=False)
        self._edge(rise, head, wire, "", style.LOOSE, arrow=False)

    def _edge(
        self,
        tail: str,
        head: str,
        wire: Wire,
        label: str,
        weight: str,
        rows: int = 1,
        *,
        arrow: bool = True,
    ) -> None:
        self.dot.edge(
            tail,
            head,
            labels.edge(label) if label else "",
            tooltip=labels.value(wire.value),
            weight=weight,
            minlen=str(rows),
            arrowhead="normal" if arrow else "none",
        )


def _write_frame(dot: graphviz.Digraph, graph: Graph, folded: Columns) -> None:
    """Puts the corners into the top and the bottom row, the first column's on the left."""
    top = [input_terminal(name) for name in graph.inputs][:1]
    bottom = []
    for column in folded.further:
        foot, turn, rise, head = _corners(column.value)
        top += [rise, head]
        bottom += [foot, turn]
    for rank, row in (("min", top), ("max", bottom)):
        with dot.subgraph() as same:
            same.attr(rank=rank)
            for corner in row:
                same.node(corner)
        for left, right in pairwise(row):
            dot.edge(left, right, style="invis", weight=style.LOOSE)


def _junction(wire: Wire) -> str:
    return f"value {wire.value.name}"


def _corners(value: str) -> tuple[str, str, str, str]:
    return f"foot {value}", f"turn {value}", f"rise {value}", f"head {value}"
