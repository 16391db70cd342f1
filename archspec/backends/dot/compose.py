"""From a graph to a picture: which operators share a box, which scopes are drawn.

A chain is a run of operators that follow one another and that nobody else reads. Drawing
a chain as the lines of one box, instead of a box in a box for each scope, is what keeps a
large network readable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias, Union

from archspec.backends.dot.family import Family, family, keeps_shape
from archspec.backends.dot.picture import Box, Cluster, Item, Line
from archspec.ir.graph import Graph, Node

MAX_OPERATORS = 3
"""The most operators on one line."""
MAX_LINES = 6
"""The most lines in one box."""

_AFTERTHOUGHTS = (Family.NORMALISATION, Family.ACTIVATION, Family.OTHER)

_Scope: TypeAlias = dict[str, Union[Node, "_Scope"]]


def compose(graph: Graph, depth: int | None = None) -> Cluster:
    """Returns what to draw of a graph.

    Args:
        graph: The graph.
        depth: Scopes with more components than this in their paths are not looked into: at
            1 each scope of the network is one box, at 0 the network is.
    """
    if depth == 0:
        return Cluster("", "", (Box(graph.name, graph.name, tuple(graph.nodes)),))
    return Cluster("", "", tuple(_Composer(graph, depth).items((), _tree(graph), None)))


class _Composer:
    """Turns scopes into items; a scope's path is a tuple of its components."""

    def __init__(self, graph: Graph, depth: int | None) -> None:
        self.depth = depth
        self.readers = Counter(value.name for node in graph.nodes for value in node.inputs)
        self.readers.update(value.name for value in graph.outputs.values())
        self.readers.update(head.value.name for head in graph.heads.values())

    def items(self, path: tuple[str, ...], scope: _Scope, head: str | None) -> Iterator[Item]:
        """Yields the items of a scope; children that follow one another share a box."""
        run: list[Line] = []
        for name, child in scope.items():
            line = self.line((*path, name), name, child)
            if line and run and self.follows(run[-1].nodes[-1], line.nodes[0]):
                run.append(line)
                continue
            yield from _boxes(run, head, top=not path)
            run = [line] if line else []
            if isinstance(child, dict) and not line:
                yield self.item((*path, name), name, child, head)
        yield from _boxes(run, head, top=not path)

    def item(self, path: tuple[str, ...], name: str, scope: _Scope, head: str | None) -> Item:
        """Returns a scope as a box if it is collapsed or a short chain, else as a cluster."""
        nodes = tuple(_nodes(scope))
        dotted = ".".join(path)
        own = _head(nodes, head)
        if len(path) == self.depth:
            return Box(dotted, name, nodes, head=own)
        lines = [self.line((*path, inner), inner, child) for inner, child in scope.items()]
        known = [line for line in lines if line]
        if len(known) == len(lines) <= MAX_LINES and self.is_chain(nodes):
            return Box(dotted, name, nodes, tuple(known), own)
        (inner, child), *others = scope.items()
        if isinstance(child, dict) and not others:
            return self.item((*path, inner), f"{name}.{inner}", child, head)
        return Cluster(dotted, name, tuple(self.items(path, scope, own or head)), own)

    def line(self, path: tuple[str, ...], name: str, child: Node | _Scope) -> Line | None:
        """Returns an operator, or a scope that is hardly more than one, as a line."""
        if isinstance(child, Node):
            return Line("" if says_kind(name, child) else name, (child,))
        if len(path) == self.depth:
            return None
        (inner, first), *others = child.items()
        if not others:
            line = self.line((*path, inner), inner, first)
            return line and Line(f"{name}.{line.name}".rstrip("."), line.nodes)
        if len(child) <= MAX_OPERATORS and all(says_kind(*item) for item in child.items()):
            nodes = tuple(_nodes(child))
            if self.is_chain(nodes) and all(map(_is_afterthought, nodes[1:])):
                return Line(name, nodes)
        return None

    def is_chain(self, nodes: Sequence[Node]) -> bool:
        return all(self.follows(first, second) for first, second in pairwise(nodes))

    def follows(self, first: Node, second: Node) -> bool:
        private = len(first.outputs) == 1 and self.readers[first.output.name] == 1
        return private and second.inputs == first.outputs


def says_kind(name: str, child: Node | _Scope) -> bool:
    """Returns whether a node's name is its operator's name, numbered perhaps."""
    if not isinstance(child, Node):
        return False
    kind = child.op.kind()
    return name == kind or name.removeprefix(f"{kind}_").isdigit()


def _tree(graph: Graph) -> _Scope:
    root: _Scope = {}
    for node in graph.nodes:
        *scopes, name = node.path.split(".")
        scope = root
        for component in scopes:
            inner = scope.setdefault(component, {})
            if isinstance(inner, Node):
                raise ValueError(f"{inner.path} is both an operator and a scope")
            scope = inner
        scope[name] = node
    return root


def _nodes(scope: _Scope) -> Iterator[Node]:
    for child in scope.values():
        if isinstance(child, Node):
            yield child
        else:
            yield from _nodes(child)


def _head(nodes: Sequence[Node], outer: str | None) -> str | None:
    heads = {node.head for node in nodes}
    head = heads.pop()
    return None if heads or head == outer else head


def _boxes(run: Sequence[Line], head: str | None, *, top: bool) -> Iterator[Box]:
    """Yields one box for a run, or one for each layer: at the top the flow is to be seen."""
    layers = _layers(run) if top or len(run) > MAX_LINES else filter(None, [run])
    for lines in layers:
        nodes = tuple(node for line in lines for node in line.nodes)
        name = lines[0].name if len(lines) == 1 else ""
        shown = (Line("", nodes),) if name else tuple(lines)
        yield Box(nodes[0].path, name, nodes, shown, _head(nodes, head))


def _layers(run: Sequence[Line]) -> Iterator[list[Line]]:
    layer: list[Line] = []
    for line in run:
        if layer and not all(map(_is_afterthought, line.nodes)):
            yield layer
            layer = []
        layer.append(line)
    if layer:
        yield layer


def _is_afterthought(node: Node) -> bool:
    return keeps_shape(node) and family(node) in _AFTERTHOUGHTS
