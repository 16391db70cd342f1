"""Puts nodes into the graph: name paths, heads, and what an operator refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.diagnostics import Label, Span
from archspec.frontend.arguments import Unknown
from archspec.frontend.reader import Reader
from archspec.frontend.scope import Result, Scope
from archspec.frontend.syntax import Layer
from archspec.ir.graph import Graph, Value
from archspec.ir.op import Operator, OperatorError


class Placement:
    """Adds the nodes of one graph.

    Attributes:
        head_of: The head that makes a value, by the value's name.
    """

    def __init__(self, graph: Graph, reader: Reader) -> None:
        self.head_of: dict[str, str] = {}
        self._graph = graph
        self._reader = reader
        self._paths: set[str] = set()
        self._scopes: set[str] = set()

    def node(
        self,
        layer: Layer,
        op: Operator,
        scope: Scope,
        path: tuple[str, ...],
        inputs: Sequence[Value],
        places: Mapping[int, Span],
    ) -> Result:
        """Adds a node to the graph; `places` are where single inputs come from."""
        name = ".".join((*scope.path, *path))
        self._claim(name, layer)
        if scope.head is None:
            self.refuse_heads(inputs, layer.head.span)
        try:
            outputs = self._graph.add(name, op, inputs, span=layer.head.span, head=scope.head)
        except OperatorError as error:
            labels = [Label(places[i], text) for i, text in error.labels.items() if i in places]
            self._reader.fault(error.code, error.message, layer.head.span, error.help, labels)
            raise Unknown from None
        if scope.head is not None:
            self.head_of |= {output.name: scope.head for output in outputs}
        return dict(zip(op.output_names(), outputs, strict=True))

    def _claim(self, path: str, layer: Layer) -> None:
        """Takes a name path for a node; no path is used twice, or both scope and leaf.

        Raises:
            Unknown: It is taken; the fault has been reported.
        """
        parts = path.split(".")
        scopes = {".".join(parts[:end]) for end in range(1, len(parts))}
        if path in self._paths or path in self._scopes or scopes & self._paths:
            if not layer.faulty:
                message = f"two layers have the path `{path}`"
                self._reader.fault("E109", message, layer.head.span, "give one of them a `name:`")
            raise Unknown
        self._paths.add(path)
        self._scopes |= scopes

    def refuse_heads(self, values: Sequence[Value], span: Span) -> None:
        """Refuses values that exist in training only where inference would need them.

        Raises:
            Unknown: One of them is made by a head; the fault has been reported.
        """
        for value in values:
            if value.name in self.head_of:
                self._reader.fault(
                    "E201",
                    f"the head `{self.head_of[value.name]}` exists while training only, so the "
                    "network cannot need it",
                    span,
                    "take the value from a layer outside of `auxiliary`",
                )
                raise Unknown
