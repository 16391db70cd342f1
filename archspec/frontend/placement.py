"""Puts nodes into the graph: name paths, heads, treatments, and what an operator refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archspec.diagnostics import Label, Span
from archspec.frontend.arguments import Unknown
from archspec.frontend.reader import Reader
from archspec.frontend.report import Call, Report
from archspec.frontend.scope import Result, Turn
from archspec.frontend.treating import Treating
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.op import Operator, OperatorError

if TYPE_CHECKING:
    from archspec.frontend.unequal import Advice


class Placement:
    """Adds the nodes of one graph.

    Attributes:
        head_of: The head that makes a value, by the value's name.
        calls: The blocks and specs that a node is in, the innermost last, by the node's path.
        treating: How training treats the nodes.
    """

    def __init__(self, graph: Graph, report: Report) -> None:
        self.head_of: dict[str, str] = {}
        self.calls: dict[str, tuple[Call, ...]] = {}
        self.treating = Treating(graph, report)
        self._graph = graph
        self._open = report.calls
        self._nodes: dict[str, Node] = {}
        self._paths: set[str] = set()
        self._scopes: set[str] = set()

    def node(
        self,
        turn: Turn,
        op: Operator,
        inputs: Sequence[Value],
        places: Mapping[int, Span],
    ) -> Result:
        """Adds a node to the graph; `places` are where single inputs come from.

        Raises:
            Unknown: It does not fit there; the fault has been reported.
        """
        place, span = turn.place, turn.layer.head.span
        name = ".".join(place.path)
        self._claim(name, turn)
        if place.head is None:
            self.refuse_heads(inputs, turn.reader, span)
        start = len(self._graph.nodes)
        try:
            outputs = self._graph.add(
                name,
                op,
                inputs,
                span=span,
                head=place.head,
                shares=".".join(place.owner()) if place.shared else None,
            )
        except OperatorError as error:
            labels = [Label(places[i], text) for i, text in error.labels.items() if i in places]
            help_ = error.help
            if error.code == "E202" and not help_:
                help_, more = self._advice(turn, op, inputs)
                labels += more
            turn.reader.fault(error.code, error.message, span, help_, labels)
            raise Unknown from None
        self.treating.treat(start, turn, place, op, inputs)
        for node in self._graph.nodes[start:]:
            self._nodes[node.path] = node
            self._require_equal_weights(node, turn)
            if self._open:
                self.calls[node.path] = tuple(self._open)
        if place.head is not None:
            self.head_of |= {output.name: place.head for output in outputs}
        return dict(zip(op.output_names(), outputs, strict=True))

    def _advice(self, turn: Turn, op: Operator, inputs: Sequence[Value]) -> Advice:
        """Returns how the paths of a merge, which are unequal, could be made equal."""
        from archspec.frontend.unequal import Advice, advice, shortcut  # only faults need it

        if turn.layer.kind == "residual":
            params = self._open[-1].values if self._open else {}
            body, taken = (value.type for value in inputs)
            help_ = shortcut(body, taken, params)
            if help_:
                return Advice(help_)
        return advice(op, inputs, self._maker)

    def _maker(self, value: Value) -> Node | None:
        """Returns the node that makes a value; `None` for an input of the network."""
        return self._nodes.get(value.name) or self._nodes.get(value.name.rpartition(".")[0])

    def refuse_heads(self, values: Sequence[Value], reader: Reader, span: Span) -> None:
        """Refuses values that exist in training only where inference would need them.

        Raises:
            Unknown: One of them is made by a head; the fault has been reported.
        """
        for value in values:
            if value.name in self.head_of:
                reader.fault(
                    "E201",
                    f"the head `{self.head_of[value.name]}` exists while training only, so the "
                    "network cannot need it",
                    span,
                    "take the value from a layer outside of `auxiliary`",
                )
                raise Unknown

    def _require_equal_weights(self, node: Node, turn: Turn) -> None:
        """Refuses a node that shares weights with one that it could not replace.

        Raises:
            Unknown: They differ; the fault has been reported.
        """
        if node.shares is None:
            return
        owner = self._nodes.get(node.shares)
        if owner is not None and owner.op == node.op and owner.tensors() == node.tensors():
            return
        message = f"{node.path} cannot share the weights of {node.shares}"
        if owner is None:
            message += ", which does not exist"
        elif owner.op == node.op:
            theirs, ours = (
                ", ".join(f"{name} {list(param.shape)}" for name, param in n.tensors().items())
                for n in (owner, node)
            )
            message += f": it has {theirs}, and {ours} would be needed"
        help_ = "give it an input of the same channels as the layer that it reuses"
        turn.reader.fault("E201", message, turn.layer.head.span, help_)
        raise Unknown

    def _claim(self, path: str, turn: Turn) -> None:
        """Takes a name path for a node; no path is used twice, or both scope and leaf.

        Raises:
            Unknown: It is taken; the fault has been reported.
        """
        scopes = []
        end = path.rfind(".")
        while end > 0 and path[:end] not in self._scopes:
            scopes.append(path[:end])
            end = path.rfind(".", 0, end)
        if path in self._paths or path in self._scopes or self._paths.intersection(scopes):
            if not turn.layer.faulty:
                message = f"two layers have the path `{path}`"
                span = turn.layer.head.span
                turn.reader.fault("E109", message, span, "give one of them a `name:`")
            raise Unknown
        self._paths.add(path)
        self._scopes.update(scopes)
