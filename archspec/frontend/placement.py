"""Puts nodes into the graph: name paths, heads, treatments, and what an operator refuses."""

from collections.abc import Callable, Mapping, Sequence

from archspec.diagnostics import Diagnostic, Label, Severity, Span
from archspec.frontend.arguments import Argument, Unknown
from archspec.frontend.layer import Layer
from archspec.frontend.reader import Reader
from archspec.frontend.scope import Flow, Place, Result, Scope, Turn
from archspec.frontend.treatments import KEYS, Freeze, Said, read_freeze, read_key, treatment
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.op import Operator, OperatorError
from archspec.ir.treatment import UNTREATED, Penalty, Treatment


class Placement:
    """Adds the nodes of one graph.

    Attributes:
        head_of: The head that makes a value, by the value's name.
        warnings: What is legal, but surely not what was meant.
    """

    def __init__(self, graph: Graph, report: list[Diagnostic]) -> None:
        self.head_of: dict[str, str] = {}
        self.warnings: list[Diagnostic] = []
        self._graph = graph
        self._report = report
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
                treatment=self._treatment(turn, op, inputs),
            )
        except OperatorError as error:
            labels = [Label(places[i], text) for i, text in error.labels.items() if i in places]
            turn.reader.fault(error.code, error.message, span, error.help, labels)
            raise Unknown from None
        for node in self._graph.nodes[start:]:
            self._nodes[node.path] = node
            self._require_equal_weights(node, turn)
            if node.facts.doubt is not None:
                code, message, help_ = node.facts.doubt
                warning = turn.reader.diagnostic(code, message, span, help_)
                self.warnings.append(warning._replace(severity=Severity.WARNING))
        if place.head is not None:
            self.head_of |= {output.name: place.head for output in outputs}
        return dict(zip(op.output_names(), outputs, strict=True))

    def treated(
        self, layer: Layer, scope: Scope, inflow: Flow
    ) -> tuple[Place, Callable[[Result], None]]:
        """Returns the place that a layer's treatment makes, and what to do with its result."""
        place, reader = scope.place, scope.unit.reader
        keys = [key for key in ("freeze", *KEYS) if key in layer.reserved] if layer.treated else []
        if not keys:
            return place, _nothing
        entries = {key: layer.reserved[key] for key in keys}
        given = reader.arguments(entries, reader.lookup(scope, inflow))
        freeze = given.pop("freeze", None)
        freezes: tuple[Freeze, ...] = ()
        if freeze is not None and place.shared is None:  # else the weights' owner decides
            below = (*place.path, layer.component)
            freezes = (read_freeze(freeze, below, self._report.append),)
        values = {key: read_key(key, value, self._report.append) for key, value in given.items()}
        l1, l2 = (values.pop(f"output_{norm}", 0.0) for norm in ("l1", "l2"))
        penalty = Penalty(*(norm if isinstance(norm, float) else 0.0 for norm in (l1, l2)))

        def after(result: Result) -> None:
            if any(penalty):
                self._penalise(next(iter(result.values())), penalty, layer, reader)
            for made in freezes:
                self._require_used(made, freeze, reader)

        inside = place._replace(
            freezes=place.freezes + freezes, treated={**place.treated, **values}
        )
        return inside, after

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

    def _treatment(self, turn: Turn, op: Operator, inputs: Sequence[Value]) -> Treatment:
        place, layer = turn.place, turn.layer
        defaults = turn.reader.treated_defaults(op.kind())
        treats = place.freezes or place.treated or defaults
        if not treats or place.shared:  # shared weights are treated where they are owned
            return UNTREATED
        own = {k: v for k, v in place.treated.items() if k in layer.reserved and not layer.paths}
        around = {key: value for key, value in place.treated.items() if key not in own}
        # Each is asked, so that every pattern that matches counts as used.
        decisions = [freeze.frozen for freeze in place.freezes if freeze.decides(place.path)]
        frozen = bool(decisions) and decisions[-1]
        tensors = op.parameters(*(value.type for value in inputs))
        try:
            return treatment(op, tensors, Said(own, around, defaults), frozen=frozen)
        except ValueError as error:
            turn.reader.fault("E103", str(error), layer.head.span)
            raise Unknown from None

    def _penalise(
        self, value: Value | None, penalty: Penalty, layer: Layer, reader: Reader
    ) -> None:
        nodes = self._graph.nodes
        for index in range(len(nodes) - 1, -1, -1):
            if value in nodes[index].outputs:
                old = nodes[index].treatment
                l1, l2 = old.output_penalty
                nearest = Penalty(penalty.l1 or l1, penalty.l2 or l2)
                nodes[index] = nodes[index]._replace(treatment=old._replace(output_penalty=nearest))
                return
        if value is not None:
            message = "this layer makes nothing whose size could be held down"
            reader.fault("E103", message, layer.head.span)

    def _require_used(self, freeze: Freeze, argument: Argument | None, reader: Reader) -> None:
        for pattern in freeze.patterns or ():
            if pattern not in freeze.used and argument is not None:
                reader.fault(
                    "E106",
                    f"nothing below {'.'.join(freeze.below)} is called `{pattern}`",
                    argument.span,
                    "a pattern is a name path below this layer; `archspec check` lists them",
                )

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


def _nothing(_: Result) -> None:
    """Does nothing."""
