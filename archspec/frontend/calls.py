"""Expands calls of operators and blocks: their arguments, and what fills their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archspec.diagnostics import Span
from archspec.frontend.arguments import Argument, Unknown, is_formula
from archspec.frontend.blocks import WORDS, Block, bind, word_fault
from archspec.frontend.layer import Layer, Path, Signature
from archspec.frontend.names import Names
from archspec.frontend.reader import type_of
from archspec.frontend.repeat import rows
from archspec.frontend.report import Call
from archspec.frontend.scope import Flow, Place, Result, Scope, Turn
from archspec.frontend.treatments import KEYS as TREATED
from archspec.frontend.tree import Entry, Items, Scalar
from archspec.ir.graph import Value
from archspec.ir.op import Operator

if TYPE_CHECKING:
    from archspec.frontend.builder import Builder


class Calls:
    """Expands the calls of one spec."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._operators: dict[object, Operator] = {}
        self._open: dict[int, Block] = {}

    def call(self, turn: Turn) -> Result:
        """Expands a call of an operator or a block.

        Raises:
            Unknown: A fault, which has been reported, leaves its result unknown.
        """
        layer, reader, lookup = turn.layer, turn.reader, turn.lookup()
        name, arguments = reader.called(layer, lookup)
        signature = turn.scope.unit.parser.signature(name)
        if signature is None or signature.faulty:
            raise Unknown
        if layer.primary is not None:
            if signature.primary is None:
                help_ = f"write `- {name}`, or name the fields: `{name}: {{field: value}}`"
                message = f"{name} takes no value without a name"
                reader.fault("E104", message, layer.primary.span, help_)
                raise Unknown
            value = reader.evaluator.value(layer.primary, lookup)
            arguments[signature.primary] = Argument(value, layer.primary.span, layer.head.span)
        if is_formula(layer.head):
            turn = turn._replace(layer=_called_by_formula(turn, signature))
        arguments |= reader.arguments(turn.layer.arguments, lookup) | dict(turn.given)
        if signature.variadic:
            return self._merge(turn, signature, arguments)
        filled = self._filled(turn, signature)
        block = turn.scope.unit.blocks.get(name)
        if block is not None:
            return self._block(block, turn, filled, arguments)
        return self._operator(turn, signature, filled, arguments)

    def _filled(self, turn: Turn, signature: Signature) -> dict[str, Value | None]:
        """Returns a value for each named input."""
        layer, reader, inflow = turn.layer, turn.reader, turn.inflow
        by_key: dict[str, Value | None] = {}
        for path in layer.paths:
            place = turn.place.below(path.name)
            if signature.operator is not None:
                place = turn.scope.place.beside(layer.component, path.name, *turn.path[1:])
            by_key[path.name] = self.path(path, turn.scope, inflow, place)
        free = [name for name in signature.inputs if name not in by_key]
        source = layer.reserved.get("from")
        if not free and source:
            message = f"{signature.name} is given its input twice, by `from` and by name"
            reader.fault("E201", message, source.key.span, "remove one of them")
            raise Unknown
        if len(inflow) < len(free):
            missing = ", ".join(f"`{name}`" for name in free[len(inflow) :])
            reader.fault(
                "E201",
                f"{signature.name} needs {missing} besides what flows in",
                layer.head.span,
                "name it: `from: [a, b]`, or by keyword",
            )
            raise Unknown
        if source and isinstance(source.value, Items) and len(inflow) > len(free):
            message = f"{signature.name} takes {len(free)} of the {len(inflow)} values"
            reader.fault("E201", message, source.value.span, "name only what it takes")
            raise Unknown
        by_flow = dict(zip(free, inflow, strict=False))
        return {name: {**by_flow, **by_key}[name] for name in signature.inputs}

    def _operator(
        self,
        turn: Turn,
        signature: Signature,
        filled: Mapping[str, Value | None],
        arguments: Mapping[str, Argument],
    ) -> Result:
        """Adds the node of an operator."""
        op = self._validated(turn, signature, arguments)
        values = [value for value in filled.values() if value is not None]
        if op is None or len(values) < len(filled):
            raise Unknown
        return self._builder.placement.node(turn, op, values, {})

    def _validated(
        self, turn: Turn, signature: Signature, arguments: Mapping[str, Argument]
    ) -> Operator | None:
        """Returns the operator with its fields; an equal one is the same object."""
        if signature.operator is None:
            raise Unknown
        given = _with_defaults(turn, signature, arguments)
        key = (signature.name, *(_identity(name, a.value) for name, a in given.items()))
        op = None if None in key else self._operators.get(key)
        if op is None:
            op = turn.reader.validated(signature.operator, given, turn.layer)
            if op is not None:
                self._operators[key] = op
        return op

    def _block(
        self,
        block: Block,
        turn: Turn,
        filled: Mapping[str, Value | None],
        arguments: Mapping[str, Argument],
    ) -> Result:
        """Expands a block."""
        reader, inside = turn.reader, block.unit.reader
        name, call = block.signature.name, turn.layer.head.span
        if id(block) in self._open:
            open_ = (other.signature.name for other in self._open.values())
            chain = " → ".join([*open_, name])
            message = f"the block {name} calls itself: {chain}"
            reader.fault("E111", message, call, "use `repeat`; a block cannot contain itself")
            raise Unknown
        first = next(iter(filled.values()), None)

        def visible(wanted: str) -> object:
            if wanted == "in":
                return type_of(first)
            if wanted in filled:
                return type_of(filled[wanted])
            return inside.file_value(wanted)

        given = _with_defaults(turn, block.signature, arguments)
        report, faulty = self._builder.report, turn.layer.faulty
        values = bind(block, given, call, inside.evaluator, visible, report, faulty=faulty)
        place = turn.place
        defaults = reader.treated_defaults(name)
        if defaults:
            place = place._replace(treated={**defaults, **place.treated})
        # Binding a parameter is a step; copying one is far less.
        self._builder.spend(call, len(values) + len(block.unit.env) // 32)
        inner = Scope(place, {**block.unit.env, **values}, block.names, block.unit)
        for input_, value in filled.items():
            inner.define(input_, {input_: value})
        report.calls.append(Call(name, call, values, turn.extra.get("index")))
        self._open[id(block)] = block
        try:
            flow = self._builder.layers(block.layers, inner, tuple(filled.values()))
            return inside.outputs(block.outputs, inner, flow)
        finally:
            del self._open[id(block)]
            report.calls.pop()

    def _merge(self, turn: Turn, signature: Signature, arguments: Mapping[str, Argument]) -> Result:
        """Expands the paths of a merge and joins them."""
        around = self.around(turn)
        values: list[Value | None] = []
        places: dict[int, Span] = {}
        for path in turn.layer.paths:
            made = self._copies(path, around, turn.inflow)
            places |= dict.fromkeys(range(len(values), len(values) + len(made)), path.span)
            values += made
        if not values and turn.layer.paths:
            turn.reader.fault(
                "E201",
                f"no path of this {signature.name} is left: each has a `when` that is false, or "
                "an `each` without rows",
                turn.layer.head.span,
                "give the layer itself the `when`",
            )
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            raise Unknown
        if len(known) == 1:
            return {"output": known[0]}
        op = self._validated(turn, signature, arguments)
        if op is None:
            raise Unknown
        turn = turn._replace(path=leaf_of(turn, signature.name))
        return self._builder.placement.node(turn, op, known, places)

    def _copies(self, path: Path, scope: Scope, inflow: Flow) -> list[Value | None]:
        """Returns the values of a path: one, of each row of an `each`, or none by its `when`."""
        if path.each is None:
            taken = self.path_taken(path, scope, inflow)
            return [self.path(path, scope, inflow)] if taken else []
        reader = scope.unit.reader
        span = path.each.value.span
        value = reader.evaluator.value(path.each.value, reader.lookup(scope, inflow))
        turns = rows(value, span, self._builder.work.limits, self._builder.report, of="each")
        made = []
        for index, row in enumerate(turns):
            self._builder.spend(path.span)
            if not row.keys().isdisjoint(WORDS):
                self._builder.report.append(word_fault(min(row.keys() & {*WORDS}), span))
                raise Unknown
            extra = {**row, "index": index, "count": len(turns)}
            inside = scope.inner(path.names, scope.place, extra)
            if self.path_taken(path, inside, inflow):
                place = scope.place.below(path.name, str(index))
                made.append(self.path(path, inside, inflow, place))
        return made

    # Paths

    def around(self, turn: Turn) -> Scope:
        """Returns the scope of a merge's paths: the layer's own if it is named or repeated."""
        layer, scope = turn.layer, turn.scope
        if not layer.opens_scope and not turn.extra:
            return scope
        return scope.inner(
            layer.names, turn.place if layer.opens_scope else scope.place, turn.extra
        )

    def path(
        self, path: Path, scope: Scope, inflow: Flow, place: Place | None = None
    ) -> Value | None:
        """Expands a path at a place, or below the scope by its own name; returns its main value."""
        try:
            reader = scope.unit.reader
            flow = reader.source(path.source, scope) if path.source is not None else inflow
            inner = scope.inner(path.names, place or scope.place.below(path.name))
            return self._builder.layers(path.layers, inner, flow)[0]
        except Unknown:
            return None

    def path_taken(self, path: Path, scope: Scope, inflow: Flow) -> bool:
        """Returns whether the condition of a path holds."""
        entry = Entry(Scalar(path.name, path.span), path.when) if path.when is not None else None
        return scope.unit.reader.condition(entry, scope, inflow)


def leaf_of(turn: Turn, kind: str) -> tuple[str, ...]:
    """Returns the components of the node of a merge, a leaf inside if the layer is a scope."""
    return (*turn.path, kind) if turn.layer.opens_scope else turn.path


def _with_defaults(
    turn: Turn, signature: Signature, arguments: Mapping[str, Argument]
) -> dict[str, Argument]:
    """Returns the arguments over what the file's `defaults` say."""
    defaults = turn.reader.defaults(signature)
    return {name: a for name, a in defaults.items() if name not in TREATED} | dict(arguments)


def _identity(name: str, value: object) -> tuple[str, object, object] | None:
    """Returns what tells one argument from another, types included; `None` if that is long."""
    if isinstance(value, tuple):
        kinds = tuple(map(type, value))
        return None if {tuple, dict} & {*kinds} else (name, value, kinds)
    return None if isinstance(value, Mapping) else (name, value, type(value))


def _called_by_formula(turn: Turn, signature: Signature) -> Layer:
    """Returns a layer whose kind is known only now, with its inputs told from arguments."""
    layer = turn.layer
    if signature.variadic:
        turn.reader.fault(
            "E105",
            f"{signature.name} merges paths, so it cannot be called by a formula",
            layer.head.span,
            "write one layer for each merge, with `when`",
        )
        raise Unknown
    parser = turn.scope.unit.parser
    paths, rest = parser.call(signature, layer.arguments, layer.component, Names())
    return layer._replace(paths=tuple(paths), arguments=rest)
