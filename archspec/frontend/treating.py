"""Applies what layers say of the training of their weights while a spec is expanded."""

from collections.abc import Callable, Mapping, Sequence

from archspec.diagnostics import Diagnostic
from archspec.frontend.arguments import Argument, Unknown
from archspec.frontend.layer import Layer
from archspec.frontend.reader import Reader
from archspec.frontend.scope import Flow, Place, Result, Scope, Turn
from archspec.frontend.treatments import (
    KEYS,
    OUTPUT_KEYS,
    Freeze,
    Said,
    output_penalty,
    read_freeze,
    read_key,
    treatment,
)
from archspec.ir.graph import Graph, Value
from archspec.ir.op import Operator
from archspec.ir.treatment import UNTREATED, Treatment


class Treating:
    """Treats the nodes of one graph."""

    def __init__(self, graph: Graph, report: list[Diagnostic]) -> None:
        self._graph = graph
        self._report = report
        self._penalised: set[tuple[str, str]] = set()

    def around(
        self, layer: Layer, scope: Scope, inflow: Flow
    ) -> tuple[Place, Callable[[Result], None]]:
        """Returns the place that a layer's treatment makes, and what to do with its result.

        Raises:
            Unknown: The treatment does not fit; the fault has been reported.
        """
        place, reader = scope.place, scope.unit.reader
        if not layer.treated:
            return place, _nothing
        entries = {key: layer.reserved[key] for key in ("freeze", *KEYS) if key in layer.reserved}
        given = reader.arguments(entries, reader.lookup(scope, inflow))
        if layer.kind == "reuse":
            _refuse_treatment(given, reader)
        freeze = given.pop("freeze", None)
        freezes: tuple[Freeze, ...] = ()
        if freeze is not None and place.shared is None:  # else the weights' owner decides
            below = place.path if layer.transparent else (*place.path, layer.component)
            freezes = (read_freeze(freeze, below, self._report.append),)
        values = {key: read_key(key, value, self._report.append) for key, value in given.items()}
        on_output = {key: values.pop(key) for key in OUTPUT_KEYS if key in values}
        start = len(self._graph.nodes)

        def after(result: Result) -> None:
            if on_output:
                self._penalise(next(iter(result.values())), start, on_output, layer, reader)
            for made in freezes:
                _require_used(made, freeze, reader)

        inside = place._replace(
            freezes=place.freezes + freezes, treated={**place.treated, **values}
        )
        return inside, after

    def treat(
        self, start: int, turn: Turn, place: Place, op: Operator, inputs: Sequence[Value]
    ) -> None:
        """Treats the nodes from `start` on, which an operator of a turn has made.

        Raises:
            Unknown: What is said of it does not fit; the fault has been reported.
        """
        nodes = self._graph.nodes
        treated = self._of(turn, place, op, inputs)
        if treated is UNTREATED and not place.freezes:
            return
        for index in range(start, len(nodes)):
            path = tuple(nodes[index].path.split("."))
            # Each is asked, so that every pattern that matches counts as used.
            decisions = [freeze.frozen for freeze in place.freezes if freeze.decides(path)]
            frozen = bool(decisions) and decisions[-1]
            nodes[index] = nodes[index]._replace(treatment=treated._replace(frozen=frozen))

    def _of(self, turn: Turn, place: Place, op: Operator, inputs: Sequence[Value]) -> Treatment:
        """Returns how training treats an operator, whether it is frozen left aside."""
        layer = turn.layer
        defaults = turn.reader.treated_defaults(op.kind())
        if place.shared:  # shared weights are treated where they are owned
            penalty = output_penalty(defaults)
            return UNTREATED._replace(output_penalty=penalty) if any(penalty) else UNTREATED
        whole_file = turn.reader.treated_defaults("")
        if not (place.treated or defaults or whole_file):
            return UNTREATED
        own = {k: v for k, v in place.treated.items() if k in layer.reserved and not layer.paths}
        around = {key: value for key, value in place.treated.items() if key not in own}
        try:
            said = Said(own, around, defaults, whole_file)
            return treatment(op, tuple(value.type for value in inputs), said)
        except ValueError as error:
            turn.reader.fault("E103", str(error), layer.head.span)
            raise Unknown from None

    def _penalise(
        self,
        value: Value | None,
        start: int,
        amounts: Mapping[str, object],
        layer: Layer,
        reader: Reader,
    ) -> None:
        """Penalises a value that a layer made, unless a layer inside it has done so."""
        if value is None:
            return
        nodes = self._graph.nodes
        for index in range(start, len(nodes)):
            if value in nodes[index].outputs:
                new = {k: v for k, v in amounts.items() if (value.name, k) not in self._penalised}
                self._penalised |= {(value.name, key) for key in amounts}
                old = nodes[index].treatment
                penalty = output_penalty(new, old.output_penalty)
                nodes[index] = nodes[index]._replace(treatment=old._replace(output_penalty=penalty))
                return
        message = "this layer makes nothing whose size could be held down"
        help_ = "say it of a layer that computes something"
        reader.fault("E103", message, layer.head.span, help_)


def _require_used(freeze: Freeze, argument: Argument | None, reader: Reader) -> None:
    for pattern in freeze.patterns or ():
        if pattern not in freeze.used and argument is not None:
            where = f"below {'.'.join(freeze.below)}" if freeze.below else "here"
            reader.fault(
                "E106",
                f"nothing {where} is called `{pattern}`",
                argument.span,
                "a pattern is a name path below this layer; `archspec check` lists them",
            )


def _refuse_treatment(given: Mapping[str, Argument], reader: Reader) -> None:
    """Refuses what a reuse says of weights that are not its own.

    Raises:
        Unknown: It says something; the fault has been reported.
    """
    for key, argument in given.items():
        if key not in OUTPUT_KEYS:
            message = (
                f"`{key}` is for the layer that owns the weights, not for one that reuses them"
            )
            reader.fault("E103", message, argument.key_span, "write it on the layer that is reused")
            raise Unknown


def _nothing(_: Result) -> None:
    """Does nothing."""
