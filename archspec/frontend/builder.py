"""Expands a spec into a graph: the network's inputs and outputs, and its lists of layers.

Every layer is typed as it is made, so formulas can ask for shapes. A fault leaves the
layer's output unknown; what depends on it is skipped in silence, and all else goes on,
so one run finds the faults of the whole file.
"""

from collections.abc import Sequence

from archspec.diagnostics import Diagnostic, Span
from archspec.frontend.arguments import Argument, Evaluator, Unknown
from archspec.frontend.calls import Calls
from archspec.frontend.constructs import Constructs
from archspec.frontend.inputs import input_types
from archspec.frontend.layer import CONSTRUCTS, Layer
from archspec.frontend.limits import LIMITS, STEPS_PER_LAYER, Exhausted, Work, allow
from archspec.frontend.names import Names
from archspec.frontend.placement import Placement
from archspec.frontend.repeat import rows
from archspec.frontend.report import Report
from archspec.frontend.scope import Flow, Place, Result, Scope, Turn
from archspec.frontend.tree import Entry, Items, Table
from archspec.frontend.unit import Unit
from archspec.ir.graph import Graph, Value

LONGEST_PATH = 2_000
"""The longest name path; it cannot be raised, for every layer holds its own several times."""


class TooLarge(Exception):  # noqa: N818 - it ends the expansion, it is not a bug
    """The network is too large; the fault has been reported."""


class Builder:
    """Builds the graph of one spec.

    Attributes:
        graph: What has been built so far.
        unit: The spec.
        report: Takes the faults.
        placement: Puts nodes into the graph.
        work: How large the network may be, and what may be done to expand it.
        stopped_at: How many nodes stood when the first layer failed, if one did.
    """

    def __init__(
        self,
        tree: Table,
        name: str,
        variant: str | None,
        report: Report,
        work: Work | None = None,
    ) -> None:
        self.report = report
        self.work = work or Work()
        self.graph = Graph(name, variant)
        self.unit = Unit(tree, Evaluator(tree, report, self.work), report)
        self.placement = Placement(self.graph, report)
        self.stopped_at: int | None = None
        self._calls = Calls(self)
        self._constructs = Constructs(self, self._calls)
        self._depth = 0

    def build(self) -> Graph:
        """Returns the graph; after a fault, the part that is sound."""
        tree = self.unit.tree
        names = Names()
        inputs = tree.get("inputs")
        for name, entry in (inputs.entries if isinstance(inputs, Table) else {}).items():
            names.given[name] = entry.key.span
        scope = Scope(Place(), self.unit.env, names, self.unit)
        flow = self._inputs(inputs, scope)
        layers = tree.get("layers")
        if not isinstance(layers, Items) or not flow:
            return self.graph  # the schema reports what is wrong
        try:
            flow = self.layers(self.unit.parser.layers(layers, names), scope, flow)
            self.spend(layers.span, 0)
        except TooLarge:
            return self.graph
        try:
            self.graph.outputs = self._outputs(scope, flow)
        except Unknown:
            self.graph.outputs = {}
        return self.graph

    def layers(self, layers: Sequence[Layer], scope: Scope, flow: Flow) -> Flow:
        """Expands a list of layers and returns what flows out of it."""
        for layer in layers:
            flow = self.layer(layer, scope, flow)
        return flow

    def layer(self, layer: Layer, scope: Scope, flow: Flow) -> Flow:
        """Expands one layer and returns what flows out of it."""
        if layer.kind == "auxiliary" and scope.place.used:
            return flow
        self.spend(layer.head.span, _cost(scope.place))
        try:
            source = layer.reserved.get("from")
            inflow = scope.unit.reader.source(source.value, scope) if source else flow
            result = self.guarded(layer, scope, inflow)
        except Unknown:
            result = {"output": None}
            if self.stopped_at is None:
                self.stopped_at = len(self.graph.nodes)
        scope.define(layer.component, result, layer)
        return flow if layer.kind == "auxiliary" else tuple(result.values())

    def guarded(self, layer: Layer, scope: Scope, inflow: Flow) -> Result:
        """Expands a layer if its condition holds, as often as it says.

        Raises:
            Unknown: A fault, which has been reported, leaves its result unknown.
        """
        deepest = self.work.limits.depth
        if self._depth >= deepest:
            message = f"layers nest deeper than {deepest:,} levels, with the calls of blocks"
            more = allow("depth", None if deepest < LIMITS["depth"].most else deepest + 1)
            help_ = f"let fewer blocks call one another, or {more}"
            raise self._too_large(message, layer.head.span, help_)
        self._depth += 1
        try:
            return self._guarded(layer, scope, inflow)
        finally:
            self._depth -= 1

    def _guarded(self, layer: Layer, scope: Scope, inflow: Flow) -> Result:
        reader = scope.unit.reader
        if not reader.condition(layer.reserved.get("when"), scope, inflow):
            return self._skipped(layer, scope, inflow)
        place, after = self.placement.treating.around(layer, scope, inflow)
        around = scope if place is scope.place else scope.at(place)
        if "repeat" in layer.reserved:
            result = self._repeated(layer, around, inflow)
        else:
            result = self._once(Turn(layer, around, inflow, (layer.component,)))
        after(result)
        reader.expect(layer, scope, result)
        return result

    def _repeated(self, layer: Layer, scope: Scope, inflow: Flow) -> Result:
        """Expands a repeated layer; what one turn makes is the next one's leading inputs."""
        reader = scope.unit.reader
        entry = layer.reserved["repeat"]
        value = reader.evaluator.value(entry.value, reader.lookup(scope, inflow))
        turns = rows(value, entry.value.span, self.work.limits, self.report)
        result = self._skipped(layer, scope, inflow)
        for index, row in enumerate(turns):
            self.spend(layer.head.span, _cost(scope.place))
            extra = {"index": index, "count": len(turns)}
            given = {
                name: Argument(v, entry.value.span, entry.value.span) for name, v in row.items()
            }
            turn = Turn(layer, scope, inflow, (layer.component, str(index)), given, extra)
            for key, at in (("first", 0), ("last", len(turns) - 1)):
                if index == at and key in layer.reserved:
                    given |= self._overrides(layer.reserved[key], turn)
            result = self._once(turn)
            made = tuple(result.values())
            inflow = made + inflow[len(made) :]
        return result

    def _once(self, turn: Turn) -> Result:
        """Expands one turn of a layer."""
        if turn.layer.kind not in CONSTRUCTS:
            return self._calls.call(turn)
        if turn.given:
            (name, argument), *_ = turn.given.items()
            turn.reader.fault(
                "E107",
                f"{turn.layer.kind} has no parameter `{name}`",
                argument.key_span,
                "repeat a block with parameters instead",
            )
            raise Unknown
        return self._constructs.construct(turn)

    def _skipped(self, layer: Layer, scope: Scope, inflow: Flow) -> Result:
        """Returns the result of a layer that is left out: what flows in, by its outputs' names."""
        block = scope.unit.blocks.get(layer.kind)
        names = list(block.output_names()) if block else ["output"]
        names += [f"output_{index}" for index in range(len(names), len(inflow))]
        return dict(zip(names, inflow, strict=False))

    def _overrides(self, entry: Entry, turn: Turn) -> dict[str, Argument]:
        """Returns the arguments of `first` or `last`."""
        if not isinstance(entry.value, Table):
            key = entry.key.value
            help_ = f"for example `{key}: {{stride: 2}}`"
            turn.reader.fault("E104", f"`{key}` takes arguments", entry.value.span, help_)
            raise Unknown
        return turn.reader.arguments(entry.value.entries, turn.lookup())

    def spend(self, span: Span, steps: int = STEPS_PER_LAYER) -> None:
        """Counts steps of the expansion, at a layer.

        Raises:
            TooLarge: There have been too many; the fault has been reported.
        """
        limits = self.work.limits
        try:
            self.work.spend(steps)
        except Exhausted:
            self.work.refuse(span, self.report)
            raise TooLarge from None
        nodes = self.graph.nodes
        if len(nodes) > limits.nodes:
            help_ = f"check the `repeat` counts, or {allow('nodes')}"
            message = f"the network has more than {limits.nodes:,} layers"
            raise self._too_large(message, span, help_)
        if nodes and len(nodes[-1].path) > LONGEST_PATH:
            message = f"the name path of a layer is longer than {LONGEST_PATH:,} characters"
            help_ = "use shorter names, or name fewer of the layers around it"
            raise self._too_large(message, nodes[-1].span, help_)

    def _too_large(self, message: str, span: Span, help_: str) -> TooLarge:
        self.report.append(Diagnostic("E008", message, span, help_))
        return TooLarge()

    def _inputs(self, table: object, scope: Scope) -> Flow:
        """Adds the network's inputs and returns them."""
        if not isinstance(table, Table):
            return ()
        for name, type_ in input_types(table, self.unit.reader, self.report).items():
            value = self.graph.add_input(name, type_) if type_ else None
            scope.define(name, {name: value})
        return tuple(self.graph.inputs.get(name) for name in table.entries)

    def _outputs(self, scope: Scope, flow: Flow) -> dict[str, Value]:
        """Returns the network's outputs."""
        tree, reader = self.unit.tree.get("outputs"), self.unit.reader
        made = reader.outputs(tree, scope, flow)
        span: Span = tree.span if tree else self.unit.tree.span
        for name in {**self.graph.inputs, **self.graph.heads}:
            if name in made:
                reader.fault(
                    "E109",
                    f"`{name}` is the name of an output, and of an input or head too",
                    span,
                    "name the output with `outputs: {NAME: LAYER}`",
                )
        outputs = {name: value for name, value in made.items() if value is not None}
        for value in outputs.values():
            self.placement.refuse_heads([value], reader, span)
        return outputs


def _cost(place: Place) -> int:
    """Returns the steps of expanding a layer at a place, where each pattern is compared with it."""
    return STEPS_PER_LAYER + sum(len(freeze.patterns or ()) for freeze in place.freezes)
