"""Expands a spec into a graph.

Every layer is typed as it is made, so formulas can ask for shapes. A fault leaves the
layer's output unknown; what depends on it is skipped in silence, and all else goes on,
so one run finds the faults of the whole file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from archspec.diagnostics import Diagnostic, Label, Span
from archspec.frontend.arguments import Argument, Evaluator, Unknown, as_text, is_formula
from archspec.frontend.blocks import Block, bind, parse_blocks
from archspec.frontend.names import Names
from archspec.frontend.repeat import rows
from archspec.frontend.scope import Flow, Result, Scope
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.syntax import Layer, Path, Signature
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree, plain
from archspec.ir.graph import Graph, Head, Value
from archspec.ir.op import Operator, OperatorError

Lookup = Callable[[str], object]

MAX_NODES = 20_000
"""The largest network that is built."""


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
        self.evaluator = Evaluator(tree, report)
        self.blocks, self.parser = parse_blocks(tree.get("blocks"), report)
        self.file_env: dict[str, object] = {}
        self.calls: list[tuple[str, Span]] = []
        self.stopped_at: int | None = None

    def build(self) -> Graph:
        """Returns the graph; after a fault, the part that is sound."""
        self.file_env = self.parameters()
        names = Names()
        inputs = self.tree.get("inputs")
        for name, entry in (inputs.entries if isinstance(inputs, Table) else {}).items():
            names.given[name] = entry.key.span
        scope = Scope((), self.file_env, names)
        flow = self.inputs(scope)
        layers = self.tree.get("layers")
        if layers is None or not flow:
            return self.graph
        flow = self.layers(self.parser.layers(layers, names), scope, flow)
        self.graph.outputs = self.network_outputs(scope, flow)
        return self.graph

    def parameters(self) -> dict[str, object]:
        """Returns the values of the file's parameters."""
        env: dict[str, object] = {}
        params = self.tree.get("params")
        for name, (_, value) in (params.entries if isinstance(params, Table) else {}).items():
            try:
                env[name] = self.evaluator.value(value, env.__getitem__)
            except Unknown:
                continue
        return env

    def inputs(self, scope: Scope) -> Flow:
        """Adds the network's inputs and returns them."""
        from archspec.frontend.inputs import input_types

        table = self.tree.get("inputs")
        if not isinstance(table, Table):
            return ()
        for name, type_ in input_types(table, self.evaluator, self.file_env, self.report).items():
            value = self.graph.add_input(name, type_) if type_ else None
            scope.define(name, {name: value})
        return tuple(self.graph.inputs.get(name) for name in table.entries)

    # Lists of layers, and single ones

    def layers(self, layers: Sequence[Layer], scope: Scope, flow: Flow) -> Flow:
        """Expands a list of layers and returns what flows out of it."""
        for layer in layers:
            flow = self.layer(layer, scope, flow)
        return flow

    def layer(self, layer: Layer, scope: Scope, flow: Flow) -> Flow:
        """Expands one layer, with its condition and repetition."""
        try:
            inflow = self.inflow(layer, scope, flow)
            result = self.guarded(layer, scope, inflow)
            self.expect(layer, scope, result)
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
        if not self.condition(layer.reserved.get("when"), scope, inflow):
            return _as_result(inflow)
        if "repeat" not in layer.reserved:
            return self.once(layer, scope, inflow, (layer.component,), {}, {})
        return self.repeated(layer, scope, inflow)

    def repeated(self, layer: Layer, scope: Scope, inflow: Flow) -> Result:
        """Expands a repeated layer; what one turn makes is the next one's leading inputs."""
        entry = layer.reserved["repeat"]
        value = self.evaluator.value(entry.value, self.lookup(scope, inflow))
        turns = rows(value, entry.value.span, self.report)
        result: Result = _as_result(inflow)
        for index, row in enumerate(turns):
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

    def overrides(
        self, entry: Entry, scope: Scope, inflow: Flow, extra: Mapping[str, object]
    ) -> dict[str, Argument]:
        """Returns the arguments of `first` or `last`."""
        if not isinstance(entry.value, Table):
            self.fault("E104", f"`{entry.key.value}` takes arguments, as in `{{stride: 2}}`",
                       entry.value.span)  # fmt: skip
            raise Unknown
        return self.arguments(entry.value.entries, self.lookup(scope, inflow, extra))

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
        if layer.kind == "residual":
            return self.residual(layer, scope, inflow, path, extra)
        if layer.kind == "auxiliary":
            return self.auxiliary(layer, scope, inflow, path)
        lookup = self.lookup(scope, inflow, extra)
        name, arguments = self.called(layer, lookup)
        signature = self.parser.signature(name)
        if signature is None:
            raise Unknown
        if layer.primary is not None:
            if signature.primary is None:
                self.fault("E104", f"{name} has no main field; write `{name}: {{…}}`",
                           layer.primary.span)  # fmt: skip
                raise Unknown
            value = self.evaluator.value(layer.primary, lookup)
            span = layer.primary.span
            arguments[signature.primary] = Argument(value, span, layer.head.span)
        arguments = {**arguments, **self.arguments(layer.arguments, lookup), **given}
        if signature.variadic:
            return self.merge(layer, signature, scope, inflow, path, arguments)
        filled, arguments = self.filled(layer, signature, scope, inflow, arguments)
        if name in self.blocks:
            return self.block(self.blocks[name], layer, scope, filled, path, arguments)
        return self.operator(layer, signature, scope, filled, path, arguments)

    # What a layer is given

    def inflow(self, layer: Layer, scope: Scope, flow: Flow) -> Flow:
        """Returns what flows into a layer: what `from` names, or the flow."""
        source = layer.reserved.get("from")
        return self.source(source.value, scope) if source else flow

    def source(self, tree: Tree, scope: Scope) -> Flow:
        """Returns the values a `from` names: all of one result, or the main ones of several."""
        if isinstance(tree, Scalar):
            return tuple(self.reference(tree, scope).values())
        if isinstance(tree, Items) and tree.items:
            results = [self.reference(item, scope) for item in tree.items]
            return tuple(next(iter(result.values())) for result in results)
        self.fault("E106", "a name, or a list of names, is wanted here", tree.span)
        raise Unknown

    def reference(self, tree: Tree, scope: Scope) -> Result:
        """Returns the result that a name, or `name.output`, refers to."""
        text = tree.value if isinstance(tree, Scalar) else None
        if not isinstance(text, str):
            self.fault("E106", "the name of a layer is wanted here", tree.span)
            raise Unknown
        name, _, output = text.partition(".")
        result = scope.find(name)
        if result is None:
            self.fault("E106", f"nothing above is called `{name}`", tree.span,
                       did_you_mean(name, set(scope.visible()), what="name"))  # fmt: skip
            raise Unknown
        if scope.ambiguous(name):
            self.fault("E109", f"several layers here are called `{name}` by default", tree.span,
                       "give the one that is meant a `name:`")  # fmt: skip
            raise Unknown
        if not output:
            return result
        if output not in result:
            self.fault("E106", f"`{name}` has no output `{output}`", tree.span,
                       did_you_mean(output, result, what="output"))  # fmt: skip
            raise Unknown
        return {output: result[output]}

    def filled(
        self,
        layer: Layer,
        signature: Signature,
        scope: Scope,
        inflow: Flow,
        arguments: dict[str, Argument],
    ) -> tuple[dict[str, Value | None], dict[str, Argument]]:
        """Returns a value for each named input, and the arguments that are left."""
        by_key: dict[str, Value | None] = {}
        for path in layer.paths:
            by_key[path.name] = self.path(path, scope, inflow)
        free = [name for name in signature.inputs if name not in by_key]
        if len(inflow) < len(free):
            missing = ", ".join(f"`{name}`" for name in free[len(inflow) :])
            self.fault("E201", f"{signature.name} needs {missing} besides what flows in",
                       layer.head.span, "name it: `from: [a, b]`, or by keyword")  # fmt: skip
            raise Unknown
        source = layer.reserved.get("from")
        if source and isinstance(source.value, Items) and len(inflow) > len(free):
            self.fault("E201", f"{signature.name} takes {len(free)} of the {len(inflow)} values",
                       source.value.span, "name only what it takes")  # fmt: skip
            raise Unknown
        by_flow = dict(zip(free, inflow, strict=False))
        return {name: {**by_flow, **by_key}[name] for name in signature.inputs}, arguments

    def arguments(self, entries: Mapping[str, Entry], lookup: Lookup) -> dict[str, Argument]:
        """Returns the values of arguments."""
        return {
            name: Argument(self.evaluator.value(value, lookup), value.span, key.span)
            for name, (key, value) in entries.items()
        }

    def called(self, layer: Layer, lookup: Lookup) -> tuple[str, dict[str, Argument]]:
        """Returns the operator or block that is called, and what its formula gives it."""
        if not is_formula(layer.head):
            return layer.kind, {}
        target, span = self.evaluator.value(layer.head, lookup), layer.head.span
        fields: object = None
        if isinstance(target, Mapping) and len(target) == 1:
            ((target, fields),) = target.items()
        if not isinstance(target, str) or self.parser.signature(target) is None:
            self.fault("E105", f"`{as_text(target)}` is not an operator or block", span)
            raise Unknown
        if isinstance(fields, Mapping):
            return target, {key: Argument(value, span, span) for key, value in fields.items()}
        signature = self.parser.signature(target)
        if fields is None or signature is None or signature.primary is None:
            return target, {}
        return target, {signature.primary: Argument(fields, span, span)}

    def lookup(
        self, scope: Scope, inflow: Flow, extra: Mapping[str, object] | None = None
    ) -> Lookup:
        """Returns what the names of a formula mean at a layer."""

        def find(name: str) -> object:
            if name == "in":
                return _type_of(inflow[0] if inflow else None)
            if extra and name in extra:
                return extra[name]
            if name in scope.env:
                return scope.env[name]
            result = scope.find(name)
            if result is None:
                raise KeyError(name)
            return _type_of(next(iter(result.values())))

        return find

    def condition(self, entry: Entry | None, scope: Scope, inflow: Flow) -> bool:
        """Returns whether a `when` holds."""
        if entry is None:
            return True
        value = self.evaluator.value(entry.value, self.lookup(scope, inflow))
        if not isinstance(value, bool):
            self.fault("E103", f"`when` must be true or false, not `{as_text(value)}`",
                       entry.value.span)  # fmt: skip
            raise Unknown
        return value

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
        given = {**self.defaults(signature), **arguments}
        op = self.validated(signature.operator, given, layer)
        if op is None or any(value is None for value in filled.values()):
            raise Unknown
        return self.node(layer, op, scope, path, [v for v in filled.values() if v], {})

    def validated(
        self, operator: type[Operator], given: Mapping[str, Argument], layer: Layer
    ) -> Operator | None:
        """Returns the operator with the fields given, or `None` after a fault."""
        from archspec.frontend.validation import validate_arguments

        report: list[Diagnostic] = []
        op = validate_arguments(operator, given, layer.head.span, report)
        # What is missing in a layer that had faults may be what they are about.
        self.report += [d for d in report if d.code != "E102" or not layer.faulty]
        return op

    def defaults(self, signature: Signature) -> dict[str, Argument]:
        """Returns what the file's `defaults` say of an operator or block."""
        defaults = self.tree.get("defaults")
        fields = defaults.get(signature.name) if isinstance(defaults, Table) else None
        if not isinstance(fields, Table):
            return {}
        return self.arguments(fields.entries, self.file_env.__getitem__)

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
        if len(self.graph.nodes) >= MAX_NODES:
            self.fault("E008", f"the network has more than {MAX_NODES:,} layers", layer.head.span,
                       "check the `repeat` counts")  # fmt: skip
            raise Unknown
        try:
            outputs = self.graph.add(
                ".".join((*scope.path, *path)), op, inputs, span=layer.head.span, head=scope.head
            )
        except OperatorError as error:
            labels = [Label(places[i], text) for i, text in error.labels.items() if i in places]
            self.fault(error.code, error.message, layer.head.span, error.help, labels)
            raise Unknown from None
        return dict(zip(op.output_names, outputs, strict=True))

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
        if any(name == other for other, _ in self.calls):
            chain = " → ".join([*(other for other, _ in self.calls), name])
            self.fault("E111", f"the block {name} calls itself: {chain}", call,
                       "use `repeat`; a block cannot contain itself")  # fmt: skip
            raise Unknown
        first = next(iter(filled.values()), None)

        def visible(wanted: str) -> object:
            if wanted == "in":
                return _type_of(first)
            if wanted in filled:
                return _type_of(filled[wanted])
            return self.file_env[wanted]

        given = {**self.defaults(block.signature), **arguments}
        values = bind(block, given, call, self.evaluator, visible, self.report)
        inner = Scope(
            (*scope.path, *path), {**self.file_env, **values}, block.names, head=scope.head
        )
        for input_, value in filled.items():
            inner.define(input_, {input_: value})
        self.calls.append((name, call))
        try:
            flow = self.layers(block.layers, inner, tuple(filled.values()))
            return self.outputs(block.outputs, inner, flow)
        finally:
            self.calls.pop()

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
        taken = self.path(shortcuts[0], around, inflow) if shortcuts else inflow[0]
        if made is None or taken is None:
            raise Unknown
        leaf = _leaf(layer, path, "add")
        place = shortcuts[0].span if shortcuts else layer.head.span
        return self.node(layer, Add(), scope, leaf, [made, taken], {0: body.span, 1: place})

    def merge(
        self,
        layer: Layer,
        signature: Signature,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        arguments: dict[str, Argument],
    ) -> Result:
        """Expands the paths of a merge and joins them."""
        around = self.around(layer, scope, path, {})
        taken = [p for p in layer.paths if self.path_taken(p, around, inflow)]
        values = [self.path(p, around, inflow) for p in taken]
        if signature.operator is None or not values or any(value is None for value in values):
            raise Unknown
        if len(values) == 1:
            return {"output": values[0]}
        given = {**self.defaults(signature), **arguments}
        op = self.validated(signature.operator, given, layer)
        if op is None:
            raise Unknown
        places = {index: path_.span for index, path_ in enumerate(taken)}
        leaf = _leaf(layer, path, signature.name)
        return self.node(layer, op, scope, leaf, [v for v in values if v], places)

    def auxiliary(self, layer: Layer, scope: Scope, inflow: Flow, path: tuple[str, ...]) -> Result:
        """Expands a training-only head; the flow passes it by."""
        (body,) = layer.paths or (None,)
        if body is None:
            raise Unknown
        name = ".".join((*scope.path, *path))
        inner = scope.inner(body.names, *path, head=name)
        weight = self.weight(layer, scope, inflow)
        (value, *_) = self.layers(body.layers, inner, inflow)
        if value is None:
            raise Unknown
        self.graph.heads[name] = Head(value, weight)
        return {"output": value}

    def weight(self, layer: Layer, scope: Scope, inflow: Flow) -> float:
        """Returns the weight of a head's loss."""
        if "weight" not in layer.arguments:
            return 1.0
        entry = layer.arguments["weight"]
        weight = self.evaluator.value(entry.value, self.lookup(scope, inflow))
        if isinstance(weight, (int, float)) and not isinstance(weight, bool) and weight >= 0:
            return float(weight)
        self.fault("E103", f"`weight` must be a number of at least 0, not `{as_text(weight)}`",
                   entry.value.span)  # fmt: skip
        raise Unknown

    # Paths and outputs

    def around(
        self, layer: Layer, scope: Scope, path: tuple[str, ...], extra: Mapping[str, object]
    ) -> Scope:
        """Returns the scope of a merge's paths: the layer's own if it is named or repeated."""
        if not layer.opens_scope and not extra:
            return scope
        return scope.inner(layer.names, *(path if layer.opens_scope else ()), env=extra)

    def path(self, path: Path, scope: Scope, inflow: Flow) -> Value | None:
        """Expands a path and returns its main value."""
        try:
            flow = self.source(path.source, scope) if path.source is not None else inflow
            components = (path.name,) if path.layers else ()
            return self.layers(path.layers, scope.inner(path.names, *components), flow)[0]
        except Unknown:
            return None

    def path_taken(self, path: Path, scope: Scope, inflow: Flow) -> bool:
        """Returns whether the condition of a path holds."""
        entry = Entry(Scalar(path.name, path.span), path.when) if path.when is not None else None
        return self.condition(entry, scope, inflow)

    def outputs(self, tree: Tree | None, scope: Scope, flow: Flow) -> Result:
        """Returns what `outputs` names, or the flow's main value."""
        if tree is None:
            return {"output": flow[0] if flow else None}
        if isinstance(tree, Table):
            named = [(name, entry.value) for name, entry in tree.entries.items()]
        else:
            items = tree.items if isinstance(tree, Items) else (tree,)
            named = [(str(plain(item)).rpartition(".")[2], item) for item in items]
        made: dict[str, Value | None] = {}
        for name, item in named:
            try:
                made[name] = next(iter(self.reference(item, scope).values()))
            except Unknown:
                made[name] = None
        return made

    def network_outputs(self, scope: Scope, flow: Flow) -> dict[str, Value]:
        """Returns the network's outputs."""
        tree = self.tree.get("outputs")
        made = self.outputs(tree, scope, flow)
        for name in self.graph.inputs:
            if name in made and tree is not None:
                self.fault("E109", f"`{name}` is the name of an input and of an output", tree.span,
                           "rename the output")  # fmt: skip
        return {name: value for name, value in made.items() if value is not None}

    def expect(self, layer: Layer, scope: Scope, result: Result) -> None:
        """Compares a layer's output with the shape that its `expect` asserts."""
        entry = layer.reserved.get("expect")
        value = next(iter(result.values()))
        if entry is None or value is None:
            return
        wanted = self.evaluator.value(entry.value, self.lookup(scope, (value,)))
        shape = tuple(size if isinstance(size, int) else str(size) for size in value.type.example)
        if wanted != shape:
            self.fault("E301", f"the output is {as_text(shape)}, not {as_text(wanted)} as expected",
                       entry.value.span)  # fmt: skip

    def fault(
        self, code: str, message: str, span: Span, help_: str = "", labels: Sequence[Label] = ()
    ) -> None:
        """Reports an error, with the calls of the blocks that it is in."""
        used = [Label(call, f"in this {name}") for name, call in reversed(self.calls)]
        self.report.append(Diagnostic(code, message, span, help_, (*labels, *used)))


def _as_result(flow: Flow) -> Result:
    names = ["output", *(f"output_{index}" for index in range(1, len(flow)))]
    return dict(zip(names, flow, strict=True))


def _leaf(layer: Layer, path: tuple[str, ...], kind: str) -> tuple[str, ...]:
    return (*path, kind) if layer.opens_scope else path


def _type_of(value: Value | None) -> object:
    if value is None:
        raise Unknown
    return value.type
