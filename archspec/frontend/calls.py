"""Expands calls of operators and blocks: their arguments, and what fills their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archspec.diagnostics import Span
from archspec.frontend.arguments import Argument, Unknown, is_formula
from archspec.frontend.blocks import Block, bind
from archspec.frontend.names import Names
from archspec.frontend.reader import type_of
from archspec.frontend.scope import Flow, Result, Scope
from archspec.frontend.syntax import Layer, Path, Signature, beside
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

    def call(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        given: Mapping[str, Argument],
        extra: Mapping[str, object],
    ) -> Result:
        """Expands a call at `path` below the scope.

        Args:
            layer: What is called, with its arguments.
            scope: Where it stands.
            inflow: What flows into it.
            path: Its components of the name path.
            given: Arguments that a `repeat` adds.
            extra: Values that formulas see besides the scope's.

        Raises:
            Unknown: A fault, which has been reported, leaves its result unknown.
        """
        reader, parser = scope.unit.reader, scope.unit.parser
        lookup = reader.lookup(scope, inflow, extra)
        name, arguments = reader.called(layer, lookup)
        signature = parser.signature(name)
        if signature is None:
            raise Unknown
        if layer.primary is not None:
            if signature.primary is None:
                help_ = f"write `- {name}`, or name the fields: `{name}: {{field: value}}`"
                message = f"{name} takes no value without a name"
                reader.fault("E104", message, layer.primary.span, help_)
                raise Unknown
            value = reader.evaluator.value(layer.primary, lookup)
            arguments[signature.primary] = Argument(value, layer.primary.span, layer.head.span)
        layer = _called_by_formula(layer, signature, scope) if is_formula(layer.head) else layer
        arguments |= reader.arguments(layer.arguments, lookup) | dict(given)
        if signature.variadic:
            return self._merge(layer, signature, scope, inflow, path, arguments, extra)
        filled = self._filled(layer, signature, scope, inflow, path)
        block = scope.unit.blocks.get(name)
        if block is not None:
            return self._block(block, layer, scope, filled, path, arguments)
        return self._operator(layer, signature, scope, filled, path, arguments)

    def _filled(
        self,
        layer: Layer,
        signature: Signature,
        scope: Scope,
        inflow: Flow,
        place: tuple[str, ...],
    ) -> dict[str, Value | None]:
        """Returns a value for each named input."""
        reader = scope.unit.reader
        by_key: dict[str, Value | None] = {}
        for path in layer.paths:
            components = (*place, path.name)
            if signature.operator is not None:
                components = (beside(layer.component, path.name), *place[1:])
            by_key[path.name] = self.path(path, scope, inflow, *components)
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
        layer: Layer,
        signature: Signature,
        scope: Scope,
        filled: Mapping[str, Value | None],
        path: tuple[str, ...],
        arguments: dict[str, Argument],
    ) -> Result:
        """Adds the node of an operator."""
        op = self._validated(signature, layer, scope, arguments)
        values = [value for value in filled.values() if value is not None]
        if op is None or len(values) < len(filled):
            raise Unknown
        return self._builder.placement.node(layer, op, scope, path, values, {})

    def _validated(
        self, signature: Signature, layer: Layer, scope: Scope, arguments: dict[str, Argument]
    ) -> Operator | None:
        reader = scope.unit.reader
        defaults = reader.defaults(signature)
        given = {name: a for name, a in defaults.items() if name not in TREATED} | arguments
        if signature.operator is None:
            raise Unknown
        key = (signature.name, *(_identity(name, a.value) for name, a in given.items()))
        op = self._operators.get(key)
        if op is None:
            op = reader.validated(signature.operator, given, layer)
            if op is not None and None not in key:
                self._operators[key] = op
        return op

    def _block(
        self,
        block: Block,
        layer: Layer,
        scope: Scope,
        filled: Mapping[str, Value | None],
        path: tuple[str, ...],
        arguments: dict[str, Argument],
    ) -> Result:
        """Expands a block."""
        reader, inside = scope.unit.reader, block.unit.reader
        name, call = block.signature.name, layer.head.span
        if any(name == other for other, _ in reader.calls):
            chain = " → ".join([*(other for other, _ in reader.calls), name])
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

        defaults = reader.defaults(block.signature)
        given = {name: a for name, a in defaults.items() if name not in TREATED} | arguments
        report = self._builder.report
        values = bind(block, given, call, inside.evaluator, visible, report, faulty=layer.faulty)
        inner = Scope(
            scope.place.below(*path), {**block.unit.env, **values}, block.names, block.unit
        )
        for input_, value in filled.items():
            inner.define(input_, {input_: value})
        reader.calls.append((name, call))
        try:
            flow = self._builder.layers(block.layers, inner, tuple(filled.values()))
            return inside.outputs(block.outputs, inner, flow)
        finally:
            reader.calls.pop()

    def _merge(
        self,
        layer: Layer,
        signature: Signature,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        arguments: dict[str, Argument],
        extra: Mapping[str, object],
    ) -> Result:
        """Expands the paths of a merge and joins them."""
        around = self.around(layer, scope, path, extra)
        values: list[Value | None] = []
        places: dict[int, Span] = {}
        for each in layer.paths:
            if self.path_taken(each, around, inflow):
                made = self._copies(each, around, inflow)
                places |= dict.fromkeys(range(len(values), len(values) + len(made)), each.span)
                values += made
        if not values:
            scope.unit.reader.fault(
                "E201",
                f"every path of this {signature.name} is left out by its `when`",
                layer.head.span,
                "give the layer itself the `when`",
            )
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            raise Unknown
        if len(known) == 1:
            return {"output": known[0]}
        op = self._validated(signature, layer, scope, arguments)
        if op is None:
            raise Unknown
        leaf = leaf_of(layer, path, signature.name)
        return self._builder.placement.node(layer, op, scope, leaf, known, places)

    def _copies(self, path: Path, scope: Scope, inflow: Flow) -> list[Value | None]:
        """Returns the value of a path, or of its copies for each row of an `each`."""
        from archspec.frontend.repeat import rows

        if path.each is None:
            return [self.path(path, scope, inflow)]
        reader = scope.unit.reader
        span = path.each.value.span
        value = reader.evaluator.value(path.each.value, reader.lookup(scope, inflow))
        turns = rows(value, span, self._builder.max_nodes, self._builder.report, of="each")
        made = []
        for index, row in enumerate(turns):
            inside = scope.inner(
                path.names, scope.place, {**row, "index": index, "count": len(turns)}
            )
            made.append(self.path(path, inside, inflow, path.name, str(index)))
        return made

    # Paths

    def around(
        self, layer: Layer, scope: Scope, path: tuple[str, ...], extra: Mapping[str, object]
    ) -> Scope:
        """Returns the scope of a merge's paths: the layer's own if it is named or repeated."""
        if not layer.opens_scope and not extra:
            return scope
        place = scope.place.below(*path) if layer.opens_scope else scope.place
        return scope.inner(layer.names, place, extra)

    def path(self, path: Path, scope: Scope, inflow: Flow, *components: str) -> Value | None:
        """Expands a path, below `components` or its own name, and returns its main value."""
        try:
            reader = scope.unit.reader
            flow = reader.source(path.source, scope) if path.source is not None else inflow
            below = (components or (path.name,)) if path.layers else ()
            inner = scope.inner(path.names, scope.place.below(*below))
            return self._builder.layers(path.layers, inner, flow)[0]
        except Unknown:
            return None

    def path_taken(self, path: Path, scope: Scope, inflow: Flow) -> bool:
        """Returns whether the condition of a path holds."""
        entry = Entry(Scalar(path.name, path.span), path.when) if path.when is not None else None
        return scope.unit.reader.condition(entry, scope, inflow)


def _identity(name: str, value: object) -> tuple[str, object, object] | None:
    """Returns what tells one argument from another, types included; `None` if that is long."""
    if isinstance(value, tuple):
        kinds = tuple(map(type, value))
        return None if {tuple, dict} & {*kinds} else (name, value, kinds)
    return None if isinstance(value, Mapping) else (name, value, type(value))


def leaf_of(layer: Layer, path: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """Returns the components of the node of a merge, a leaf inside if the layer is a scope."""
    return (*path, kind) if layer.opens_scope else path


def _called_by_formula(layer: Layer, signature: Signature, scope: Scope) -> Layer:
    """Returns a layer whose kind is known only now, with its inputs told from arguments."""
    if signature.variadic:
        scope.unit.reader.fault(
            "E105",
            f"{signature.name} merges paths, so it cannot be called by a formula",
            layer.head.span,
            "write one layer for each merge, with `when`",
        )
        raise Unknown
    paths, rest = scope.unit.parser.call(signature, layer.arguments, layer.component, Names())
    return layer._replace(paths=tuple(paths), arguments=rest)
