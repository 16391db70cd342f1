"""Expands a spec into a graph.

Every layer is typed as it is made, so formulas can ask for shapes. A fault leaves the
layer's output unknown; what depends on it is skipped in silence, and all else goes on,
so one run finds the faults of the whole file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.diagnostics import Diagnostic
from archspec.frontend.arguments import Argument, Unknown, is_formula
from archspec.frontend.blocks import WORDS, Block, bind, check_defaults, parse_blocks, word_fault
from archspec.frontend.names import Names
from archspec.frontend.placement import Placement
from archspec.frontend.reader import UNKNOWN, Reader, lookup_in, type_of
from archspec.frontend.repeat import rows
from archspec.frontend.scope import Flow, Result, Scope
from archspec.frontend.syntax import CONSTRUCTS, Layer, Path, Signature, beside
from archspec.frontend.tree import Entry, Items, Scalar, Table
from archspec.ir.graph import Graph, Head, Value

MAX_NODES = 20_000
"""The largest network that is built."""

MAX_STEPS = 5 * MAX_NODES
"""The most layers that are expanded, those included that make no node."""


class TooLarge(Exception):  # noqa: N818 - it ends the expansion, it is not a bug
    """The network is too large; the fault has been reported."""


class Builder:
    """Builds the graph of one spec.

    Attributes:
        graph: What has been built so far.
        stopped_at: How many nodes stood when the first layer failed, if one did.
    """

    def __init__(
        self, tree: Table, name: str, variant: str | None, report: list[Diagnostic]
    ) -> None:
        self.tree = tree
        self.report = report
        self.graph = Graph(name, variant)
        self.blocks, self.parser = parse_blocks(tree.get("blocks"), report)
        self.reader = Reader(tree, self.parser, report)
        check_defaults(tree.get("defaults"), self.parser, report)
        self.placement = Placement(self.graph, self.reader)
        self.stopped_at: int | None = None
        self._steps = 0

    def build(self) -> Graph:
        """Returns the graph; after a fault, the part that is sound."""
        self.reader.file_env = self.parameters()
        names = Names()
        inputs = self.tree.get("inputs")
        for name, entry in (inputs.entries if isinstance(inputs, Table) else {}).items():
            names.given[name] = entry.key.span
        scope = Scope((), self.reader.file_env, names)
        flow = self.inputs(scope)
        layers = self.tree.get("layers")
        if not isinstance(layers, Items) or not flow:
            return self.graph  # the schema reports what is wrong
        try:
            flow = self.layers(self.parser.layers(layers, names), scope, flow)
        except TooLarge:
            return self.graph
        try:
            self.graph.outputs = self.network_outputs(scope, flow)
        except Unknown:
            self.graph.outputs = {}
        return self.graph

    def parameters(self) -> dict[str, object]:
        """Returns the values of the file's parameters."""
        env: dict[str, object] = {}
        params = self.tree.get("params")
        for name, (key, value) in (params.entries if isinstance(params, Table) else {}).items():
            if name in WORDS:
                self.report.append(word_fault(name, key.span))
            try:
                env[name] = self.reader.evaluator.value(value, lookup_in(env))
            except Unknown:
                env[name] = UNKNOWN
        return env

    def inputs(self, scope: Scope) -> Flow:
        """Adds the network's inputs and returns them."""
        from archspec.frontend.inputs import input_types

        table = self.tree.get("inputs")
        if not isinstance(table, Table):
            return ()
        for name, type_ in input_types(table, self.reader, self.report).items():
            value = self.graph.add_input(name, type_) if type_ else None
            scope.define(name, {name: value})
        return tuple(self.graph.inputs.get(name) for name in table.entries)

    # Lists of layers, and single ones

    def layers(self, layers: Sequence[Layer], scope: Scope, flow: Flow) -> Flow:
        """Expands a list of layers and returns what flows out of it."""
        for layer in layers:
            self.spend(layer)
            flow = self.layer(layer, scope, flow)
        return flow

    def spend(self, layer: Layer) -> None:
        """Counts one step of the expansion.

        Raises:
            TooLarge: There have been too many; the fault has been reported.
        """
        self._steps += 1
        if self._steps > MAX_STEPS or len(self.graph.nodes) > MAX_NODES:
            self.reader.fault(
                "E008",
                f"the network has more than {MAX_NODES:,} layers",
                layer.head.span,
                "check the `repeat` counts",
            )
            raise TooLarge

    def layer(self, layer: Layer, scope: Scope, flow: Flow) -> Flow:
        """Expands one layer, with its condition and repetition."""
        try:
            inflow = self.inflow(layer, scope, flow)
            result = self.guarded(layer, scope, inflow)
            self.reader.expect(layer, scope, result)
        except Unknown:
            result = {"output": None}
            if self.stopped_at is None:
                self.stopped_at = len(self.graph.nodes)
        scope.define(layer.component, result)
        if layer.kind == "auxiliary":
            return flow
        return tuple(result.values())

    def guarded(self, layer: Layer, scope: Scope, inflow: Flow) -> Result:
        """Expands a layer if its condition holds, as often as it says."""
        if not self.reader.condition(layer.reserved.get("when"), scope, inflow):
            return self.skipped(layer, inflow)
        if "repeat" not in layer.reserved:
            return self.once(layer, scope, inflow, (layer.component,), {}, {})
        return self.repeated(layer, scope, inflow)

    def repeated(self, layer: Layer, scope: Scope, inflow: Flow) -> Result:
        """Expands a repeated layer; what one turn makes is the next one's leading inputs."""
        entry = layer.reserved["repeat"]
        value = self.reader.evaluator.value(entry.value, self.reader.lookup(scope, inflow))
        turns = rows(value, entry.value.span, self.report)
        result = self.skipped(layer, inflow)
        for index, row in enumerate(turns):
            self.spend(layer)
            extra = {"index": index, "count": len(turns)}
            given = {
                name: Argument(v, entry.value.span, entry.value.span) for name, v in row.items()
            }
            for key, at in (("first", 0), ("last", len(turns) - 1)):
                if index == at and key in layer.reserved:
                    given |= self.overrides(layer.reserved[key], scope, inflow, extra)
            path = (layer.component, str(index))
            result = self.once(layer, scope, inflow, path, given, extra)
            made = tuple(result.values())
            inflow = made + inflow[len(made) :]
        return result

    def skipped(self, layer: Layer, inflow: Flow) -> Result:
        """Returns the result of a layer that is left out: what flows in, by its outputs' names."""
        block = self.blocks.get(layer.kind)
        names = list(block.output_names()) if block else ["output"]
        names += [f"output_{index}" for index in range(len(names), len(inflow))]
        return dict(zip(names, inflow, strict=False))

    def overrides(
        self, entry: Entry, scope: Scope, inflow: Flow, extra: Mapping[str, object]
    ) -> dict[str, Argument]:
        """Returns the arguments of `first` or `last`."""
        if not isinstance(entry.value, Table):
            self.reader.fault(
                "E104",
                f"`{entry.key.value}` takes arguments, as in `{{stride: 2}}`",
                entry.value.span,
            )
            raise Unknown
        return self.reader.arguments(entry.value.entries, self.reader.lookup(scope, inflow, extra))

    def once(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        given: Mapping[str, Argument],
        extra: Mapping[str, object],
    ) -> Result:
        """Expands one turn of a layer at `path` below the scope."""
        self.refuse_arguments(layer, given)
        if layer.kind == "residual":
            return self.residual(layer, scope, inflow, path, extra)
        if layer.kind == "auxiliary":
            return self.auxiliary(layer, scope, inflow, path, extra)
        lookup = self.reader.lookup(scope, inflow, extra)
        name, arguments = self.reader.called(layer, lookup)
        signature = self.parser.signature(name)
        if signature is None:
            raise Unknown
        if layer.primary is not None:
            if signature.primary is None:
                help_ = f"write `- {name}`, or name the fields: `{name}: {{field: value}}`"
                self.reader.fault(
                    "E104", f"{name} takes no value without a name", layer.primary.span, help_
                )
                raise Unknown
            value = self.reader.evaluator.value(layer.primary, lookup)
            span = layer.primary.span
            arguments[signature.primary] = Argument(value, span, layer.head.span)
        layer = self.called_by_formula(layer, signature) if is_formula(layer.head) else layer
        arguments = {**arguments, **self.reader.arguments(layer.arguments, lookup), **given}
        if signature.variadic:
            return self.merge(layer, signature, scope, inflow, path, arguments, extra)
        filled = self.filled(layer, signature, scope, inflow, path)
        if name in self.blocks:
            return self.block(self.blocks[name], layer, scope, filled, path, arguments)
        return self.operator(layer, signature, scope, filled, path, arguments)

    def refuse_arguments(self, layer: Layer, given: Mapping[str, Argument]) -> None:
        """Refuses arguments of a `repeat` for a layer that has no parameters.

        Raises:
            Unknown: There are some; the fault has been reported.
        """
        if layer.kind not in CONSTRUCTS or not given:
            return
        (name, argument), *_ = given.items()
        self.reader.fault(
            "E107",
            f"{layer.kind} has no parameter `{name}`",
            argument.key_span,
            "repeat a block with parameters instead",
        )
        raise Unknown

    def called_by_formula(self, layer: Layer, signature: Signature) -> Layer:
        """Returns a layer whose kind is known only now, with its inputs told from arguments."""
        if signature.variadic:
            self.reader.fault(
                "E105",
                f"{signature.name} merges paths, so it cannot be called by a formula",
                layer.head.span,
                "write one layer for each merge, with `when`",
            )
            raise Unknown
        paths, rest = self.parser.call(signature, layer.arguments, layer.component, Names())
        return layer._replace(paths=tuple(paths), arguments=rest)

    # What a layer is given

    def inflow(self, layer: Layer, scope: Scope, flow: Flow) -> Flow:
        """Returns what flows into a layer: what `from` names, or the flow."""
        source = layer.reserved.get("from")
        return self.reader.source(source.value, scope) if source else flow

    def filled(
        self,
        layer: Layer,
        signature: Signature,
        scope: Scope,
        inflow: Flow,
        place: tuple[str, ...],
    ) -> dict[str, Value | None]:
        """Returns a value for each named input."""
        by_key: dict[str, Value | None] = {}
        for path in layer.paths:
            components = (*place, path.name)
            if signature.operator is not None:
                components = (beside(layer.component, path.name), *place[1:])
            by_key[path.name] = self.path(path, scope, inflow, *components)
        free = [name for name in signature.inputs if name not in by_key]
        if not free and "from" in layer.reserved:
            self.reader.fault(
                "E201",
                f"{signature.name} is given its input twice, by `from` and by name",
                layer.reserved["from"].key.span,
                "remove one of them",
            )
            raise Unknown
        if len(inflow) < len(free):
            missing = ", ".join(f"`{name}`" for name in free[len(inflow) :])
            self.reader.fault(
                "E201",
                f"{signature.name} needs {missing} besides what flows in",
                layer.head.span,
                "name it: `from: [a, b]`, or by keyword",
            )
            raise Unknown
        source = layer.reserved.get("from")
        if source and isinstance(source.value, Items) and len(inflow) > len(free):
            self.reader.fault(
                "E201",
                f"{signature.name} takes {len(free)} of the {len(inflow)} values",
                source.value.span,
                "name only what it takes",
            )
            raise Unknown
        by_flow = dict(zip(free, inflow, strict=False))
        return {name: {**by_flow, **by_key}[name] for name in signature.inputs}

    # What is called

    def operator(
        self,
        layer: Layer,
        signature: Signature,
        scope: Scope,
        filled: Mapping[str, Value | None],
        path: tuple[str, ...],
        arguments: dict[str, Argument],
    ) -> Result:
        """Adds the node of an operator."""
        if signature.operator is None:
            raise Unknown
        given = {**self.reader.defaults(signature), **arguments}
        op = self.reader.validated(signature.operator, given, layer)
        if op is None or any(value is None for value in filled.values()):
            raise Unknown
        return self.placement.node(layer, op, scope, path, [v for v in filled.values() if v], {})

    def block(
        self,
        block: Block,
        layer: Layer,
        scope: Scope,
        filled: Mapping[str, Value | None],
        path: tuple[str, ...],
        arguments: dict[str, Argument],
    ) -> Result:
        """Expands a block."""
        name, call = block.signature.name, layer.head.span
        if any(name == other for other, _ in self.reader.calls):
            chain = " → ".join([*(other for other, _ in self.reader.calls), name])
            self.reader.fault(
                "E111",
                f"the block {name} calls itself: {chain}",
                call,
                "use `repeat`; a block cannot contain itself",
            )
            raise Unknown
        first = next(iter(filled.values()), None)

        def visible(wanted: str) -> object:
            if wanted == "in":
                return type_of(first)
            if wanted in filled:
                return type_of(filled[wanted])
            return self.reader.file_value(wanted)

        given = {**self.reader.defaults(block.signature), **arguments}
        values = bind(block, given, call, self.reader.evaluator, visible, self.report)
        inner = Scope(
            (*scope.path, *path), {**self.reader.file_env, **values}, block.names, head=scope.head
        )
        for input_, value in filled.items():
            inner.define(input_, {input_: value})
        self.reader.calls.append((name, call))
        try:
            flow = self.layers(block.layers, inner, tuple(filled.values()))
            return self.reader.outputs(block.outputs, inner, flow)
        finally:
            self.reader.calls.pop()

    def residual(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        extra: Mapping[str, object],
    ) -> Result:
        """Expands a residual: the body's output plus the shortcut's."""
        from archspec.ops.add import Add

        if not layer.paths:
            raise Unknown
        body, *shortcuts = layer.paths
        around = self.around(layer, scope, path, extra)
        made = self.layers(body.layers, around, inflow)[0]
        if shortcuts and not self.path_taken(shortcuts[0], around, inflow):
            return {"output": made}
        taken = self.path(shortcuts[0], around, inflow) if shortcuts else inflow[0]
        if made is None or taken is None:
            raise Unknown
        leaf = _leaf(layer, path, "add")
        place = shortcuts[0].span if shortcuts else layer.head.span
        return self.placement.node(
            layer, Add(), scope, leaf, [made, taken], {0: body.span, 1: place}
        )

    def merge(
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
        taken = [p for p in layer.paths if self.path_taken(p, around, inflow)]
        values = [self.path(p, around, inflow) for p in taken]
        if not taken:
            self.reader.fault(
                "E201",
                f"every path of this {signature.name} is left out by its `when`",
                layer.head.span,
                "give the layer itself the `when`",
            )
        if signature.operator is None or not values or any(value is None for value in values):
            raise Unknown
        if len(values) == 1:
            return {"output": values[0]}
        given = {**self.reader.defaults(signature), **arguments}
        op = self.reader.validated(signature.operator, given, layer)
        if op is None:
            raise Unknown
        places = {index: path_.span for index, path_ in enumerate(taken)}
        leaf = _leaf(layer, path, signature.name)
        return self.placement.node(layer, op, scope, leaf, [v for v in values if v], places)

    def auxiliary(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        extra: Mapping[str, object],
    ) -> Result:
        """Expands a training-only head; the flow passes it by."""
        (body,) = layer.paths or (None,)
        if body is None:
            raise Unknown
        name = ".".join((*scope.path, *path))
        inner = scope.inner(body.names, *path, head=name, env=extra)
        weight = self.reader.weight(layer, scope, inflow)
        (value, *_) = self.layers(body.layers, inner, inflow)
        if value is None:
            raise Unknown
        self.graph.heads[name] = Head(value, weight)
        return {"output": value}

    # Paths and outputs

    def around(
        self, layer: Layer, scope: Scope, path: tuple[str, ...], extra: Mapping[str, object]
    ) -> Scope:
        """Returns the scope of a merge's paths: the layer's own if it is named or repeated."""
        if not layer.opens_scope and not extra:
            return scope
        return scope.inner(layer.names, *(path if layer.opens_scope else ()), env=extra)

    def path(self, path: Path, scope: Scope, inflow: Flow, *components: str) -> Value | None:
        """Expands a path, below `components` or its own name, and returns its main value."""
        try:
            flow = self.reader.source(path.source, scope) if path.source is not None else inflow
            below = (components or (path.name,)) if path.layers else ()
            return self.layers(path.layers, scope.inner(path.names, *below), flow)[0]
        except Unknown:
            return None

    def path_taken(self, path: Path, scope: Scope, inflow: Flow) -> bool:
        """Returns whether the condition of a path holds."""
        entry = Entry(Scalar(path.name, path.span), path.when) if path.when is not None else None
        return self.reader.condition(entry, scope, inflow)

    def network_outputs(self, scope: Scope, flow: Flow) -> dict[str, Value]:
        """Returns the network's outputs."""
        tree = self.tree.get("outputs")
        made = self.reader.outputs(tree, scope, flow)
        span = tree.span if tree else self.tree.span
        for name in {**self.graph.inputs, **self.graph.heads}:
            if name in made:
                self.reader.fault(
                    "E109",
                    f"`{name}` is the name of an output, and of an input or head too",
                    span,
                    "name the output with `outputs: {NAME: LAYER}`",
                )
        outputs = {name: value for name, value in made.items() if value is not None}
        for value in outputs.values():
            self.placement.refuse_heads([value], span)
        return outputs


def _leaf(layer: Layer, path: tuple[str, ...], kind: str) -> tuple[str, ...]:
    return (*path, kind) if layer.opens_scope else path
