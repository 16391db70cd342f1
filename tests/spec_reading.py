"""A second, direct reading of the language, which the compiler is compared with.

A spec is plain data here: no places, no diagnostics. What is wrong with it is `Refused`, or an
error of the operators or formulas, which are the compiler's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from pydantic import ValidationError

from archspec import ops
from archspec.diagnostics import Span
from archspec.frontend.formula import FormulaError, parse
from archspec.frontend.layer import CONSTRUCTS, RESERVED
from archspec.frontend.treatments import INITIALIZERS
from archspec.frontend.treatments import KEYS as TREATED
from archspec.ir.dim import Dim
from archspec.ir.graph import Graph, Head, Value
from archspec.ir.op import Operator, OperatorError
from archspec.ir.types import TensorType

Flow: TypeAlias = tuple[Value, ...]
Result: TypeAlias = dict[str, Value]
Written: TypeAlias = Any
"""A piece of a spec as YAML has it."""


class Refused(Exception):  # noqa: N818 - a verdict
    """The language does not allow this."""


REFUSALS = (Refused, OperatorError, FormulaError, ValidationError)


class Path(NamedTuple):
    """A list of layers inside a layer, or a value's name."""

    name: str
    layers: tuple[Layer, ...]
    counts: Counter[str]
    source: Written = None
    when: Written = None


class Layer(NamedTuple):
    """A layer, what it is called, and the lists of layers inside it."""

    kind: str
    leaf: str
    component: str
    is_scope: bool
    keys: Mapping[str, Written]
    fields: Mapping[str, Written]
    primary: Written
    paths: tuple[Path, ...]


@dataclass
class Scope:
    """What is visible at a place of the network."""

    path: tuple[str, ...] = ()
    params: dict[str, object] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    layers: dict[str, tuple[Layer, int]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    head: str | None = None
    outer: Scope | None = None

    def inner(self, *path: str, **params: object) -> Scope:
        """Returns a scope inside this one, below `path`."""
        return Scope((*self.path, *path), params, head=self.head, outer=self)

    def chain(self) -> Iterator[Scope]:
        """Yields this scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def find(self, name: str) -> Result:
        """Returns the result of that name."""
        for scope in self.chain():
            if name in scope.results:
                layer, _ = scope.layers.get(name, (None, 0))
                if layer and "name" not in layer.keys:
                    self._require_only(scope, layer.leaf)
                return scope.results[name]
        raise Refused(name)

    def _require_only(self, scope: Scope, leaf: str) -> None:
        """Refuses a default name that is not the only one of its kind, now or later."""
        if scope.counts[leaf] > 1:
            raise Refused(f"several layers are called {leaf}")
        scope.counts[f"only {leaf}"] = 1

    def look_up(self, name: str) -> object:
        """Returns what a formula means by a name."""
        for scope in self.chain():
            if name in scope.params:
                return scope.params[name]
        try:
            return next(iter(self.find(name).values())).type
        except Refused:
            raise KeyError(name) from None


class Reading:
    """Reads one spec into a graph."""

    SPAN = Span("reading")

    def __init__(self, spec: Mapping[str, Written]) -> None:
        self.spec = spec
        self.graph = Graph(spec["name"])
        self.root = Scope()
        self._added: list[str] = []
        self._shared: Iterator[str] | None = None
        for name, value in spec.get("params", {}).items():
            self.root.params[name] = self.value(value, self.root.look_up)
        for name, shape in spec["inputs"].items():
            shape, dtype = (
                (shape["shape"], shape["dtype"]) if isinstance(shape, dict) else (shape, "float32")
            )
            sizes = self.value(shape, self.root.look_up)
            assert isinstance(sizes, tuple)
            dims = tuple(Dim.of(size) if isinstance(size, str) else size for size in sizes)
            type_ = TensorType.of_example(dims, dtype)
            self.root.results[name] = {name: self.graph.add_input(name, type_)}

    def whole(self) -> Graph:
        """Returns the graph of all that the spec says."""
        layers = self.read_all(self.spec["layers"], self.root.counts)
        flow = self.run_all(layers, self.root, tuple(self.graph.inputs.values()))
        self.graph.outputs = self.outputs(self.spec.get("outputs"), self.root, flow)
        return self.graph

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Forgets the nodes that are added within."""
        before = len(self.graph.nodes), len(self.graph.equalities), len(self._added)
        heads = dict(self.graph.heads)
        try:
            yield
        finally:
            self._restore(before, heads)

    def _restore(self, counts: tuple[int, int, int], heads: dict[str, Head]) -> None:
        lists: tuple[list[Any], ...] = (self.graph.nodes, self.graph.equalities, self._added)
        for items, count in zip(lists, counts, strict=True):
            del items[count:]
        self.graph.heads = heads
        self._shared = None

    def attempt(self, make: Callable[[], Flow]) -> Flow | None:
        """Returns what is made; nothing, and no nodes of it, where it is refused."""
        before = len(self.graph.nodes), len(self.graph.equalities), len(self._added)
        heads = dict(self.graph.heads)
        try:
            return make()
        except REFUSALS:
            self._restore(before, heads)
            return None

    def result_of(self, written: Written, flow: Flow) -> TensorType | None:
        """Returns what a layer would make of the flow."""
        with self.trial():
            made = self.attempt(
                lambda: self.run(self.read(written, Counter()), self.root.inner(), flow)
            )
        return made[0].type if made else None

    def weights_of(self, written: Written, flow: Flow) -> dict[str, tuple[int, ...]]:
        """Returns the learnt weights that a layer would have."""
        start = len(self.graph.nodes)
        with self.trial():
            self.attempt(lambda: self.run(self.read(written, Counter()), self.root.inner(), flow))
            return {
                name: param.shape
                for node in self.graph.nodes[start:]
                for name, param in node.tensors().items()
                if param.kind == "weight"
            }

    # Form and names

    def read_all(self, layers: Sequence[Written], counts: Counter[str]) -> tuple[Layer, ...]:
        """Returns a list of layers with their names."""
        return tuple(self.read(layer, counts) for layer in layers)

    def read(self, written: Written, counts: Counter[str]) -> Layer:
        """Returns a layer with its name; unnamed ones are counted by kind."""
        kind, body = next(iter(written.items())) if isinstance(written, dict) else (written, None)
        table = body if isinstance(body, dict) else {}
        keys = {key: value for key, value in table.items() if key in RESERVED}
        rest = {key: value for key, value in table.items() if key not in RESERVED}
        leaf = "add" if kind == "residual" else kind.removeprefix("=").strip()
        component = keys.get("name") or _default(leaf, counts)
        is_scope = "name" in keys or "repeat" in keys
        merges = kind == "residual" or _is_merge(kind)
        if is_scope and (merges or kind == "group"):
            counts = Counter([leaf] if merges else [])
        if kind in CONSTRUCTS:
            main = CONSTRUCTS[kind][0]
            rest = rest if isinstance(body, dict) else {main: body}
            paths = self._inside(kind, rest, Counter() if kind == "auxiliary" else counts)
            return Layer(kind, leaf, component, is_scope, keys, rest, None, paths)
        fields, inner = self._arguments(kind, rest, body)
        primary = None if isinstance(body, dict) or merges else body
        return Layer(kind, leaf, component, is_scope, keys, fields, primary, inner)

    def _inside(
        self, kind: str, rest: Mapping[str, Written], counts: Counter[str]
    ) -> tuple[Path, ...]:
        if kind == "reuse":
            return ()
        main = Path("", self.read_all(rest[CONSTRUCTS[kind][0]], counts), counts)
        return (main, self._path("shortcut", rest["shortcut"])) if "shortcut" in rest else (main,)

    def _arguments(
        self, kind: str, rest: Mapping[str, Written], body: Written
    ) -> tuple[dict[str, Written], tuple[Path, ...]]:
        """Returns the fields of a call, and the lists of layers that fill its inputs."""
        if _is_merge(kind) and isinstance(body, list):
            return {}, tuple(Path(str(i), (), Counter(), source) for i, source in enumerate(body))
        if kind in ops.names():
            operator = ops.find(kind)
            inner = [
                key
                for key in rest
                if key not in operator.model_fields
                and (operator.variadic or key in operator.input_names)
            ]
        else:
            inputs = self.spec.get("blocks", {}).get(kind, {}).get("inputs", ["input"])
            inner = [key for key in rest if key in inputs]
        fields = {key: value for key, value in rest.items() if key not in inner or key == "each"}
        return fields, tuple(self._path(key, rest[key]) for key in inner if key != "each")

    def _path(self, name: str, written: Written) -> Path:
        if isinstance(written, str):
            return Path(name, (), Counter(), written)
        if isinstance(written, list):
            written = {"layers": written}
        counts: Counter[str] = Counter()
        layers = self.read_all(written.get("layers", []), counts)
        return Path(name, layers, counts, written.get("from"), written.get("when"))

    # Meaning

    def run_all(self, layers: Sequence[Layer], scope: Scope, flow: Flow) -> Flow:
        """Adds the nodes of a list of layers and returns what flows out."""
        for layer in layers:
            flow = self.run(layer, scope, flow)
        return flow

    def run(self, layer: Layer, scope: Scope, flow: Flow) -> Flow:
        """Adds the nodes of a layer and returns what flows out."""
        inflow = self.source(layer.keys["from"], scope) if "from" in layer.keys else flow
        start = len(self._added)
        result = self._result(layer, scope, inflow)
        scope.results[layer.component] = result
        scope.layers[layer.component] = (layer, start)
        return flow if layer.kind == "auxiliary" else tuple(result.values())

    def value(self, written: Written, look_up: Callable[[str], object]) -> object:
        """Returns the value of an argument, formulas computed."""
        if isinstance(written, (list, tuple)):
            return tuple(self.value(item, look_up) for item in written)
        if isinstance(written, dict):
            return {key: self.value(item, look_up) for key, item in written.items()}
        if isinstance(written, str) and written.startswith("="):
            written = parse(written[1:]).evaluate(look_up)
        return int(written) if isinstance(written, float) and written.is_integer() else written

    def outputs(self, written: Written, scope: Scope, flow: Flow) -> Result:
        """Returns the outputs of a network or block by name."""
        if written is None:
            return {"output": flow[0]}
        if not isinstance(written, dict):
            names = [written] if isinstance(written, str) else written
            written = {name.rpartition(".")[2]: name for name in names}
        return {name: self.source(source, scope)[0] for name, source in written.items()}

    def source(self, written: Written, scope: Scope) -> Flow:
        if isinstance(written, list):
            return tuple(self.source(name, scope)[0] for name in written)
        name, _, output = written.partition(".")
        result = scope.find(name)
        if output and output not in result:
            raise Refused(written)
        return (result[output],) if output else tuple(result.values())

    def _result(self, layer: Layer, scope: Scope, inflow: Flow) -> Result:
        look_up = _with(scope.look_up, {"in": inflow[0].type})
        if not self.value(layer.keys.get("when", True), look_up):
            return self._skipped(layer, inflow)
        made = [len(self.graph.nodes)]
        if "repeat" not in layer.keys:
            result = self._once(layer, scope, inflow, (layer.component,), {}, {})
        else:
            result = self._repeated(layer, scope, inflow, look_up)
        main = next(iter(result.values()))
        if layer.keys.keys() & {"output_l1", "output_l2"} and main.name in self.graph.inputs:
            raise Refused("nothing was made")
        if "freeze" in layer.keys and made == [len(self.graph.nodes)]:
            raise Refused("nothing to freeze")
        expected = layer.keys.get("expect", main.type.example)
        if tuple(expected) != main.type.example:
            raise Refused("not as expected")
        return result

    def _repeated(
        self, layer: Layer, scope: Scope, inflow: Flow, look_up: Callable[[str], object]
    ) -> Result:
        turns = _rows(self.value(layer.keys["repeat"], look_up))
        result = self._skipped(layer, inflow)
        for index, row in enumerate(turns):
            extra = {"index": index, "count": len(turns)}
            given = dict(row)
            for key, at in (("first", 0), ("last", len(turns) - 1)):
                if index == at and key in layer.keys:
                    now = _with(scope.look_up, {"in": inflow[0].type, **extra})
                    given |= {k: self.value(v, now) for k, v in layer.keys[key].items()}
            path = (layer.component, str(index))
            result = self._once(layer, scope, inflow, path, given, extra)
            made = tuple(result.values())
            inflow = made + inflow[len(made) :]
        return result

    def _skipped(self, layer: Layer, inflow: Flow) -> Result:
        """Returns a skipped layer: the identity of its own input."""
        outputs = self.spec.get("blocks", {}).get(layer.kind, {}).get("outputs")
        names = [*outputs] if isinstance(outputs, dict) else ["output"]
        names += [f"output_{index}" for index in range(len(names), len(inflow))]
        return dict(zip(names, inflow, strict=False))

    def _once(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        given: Mapping[str, object],
        extra: Mapping[str, object],
    ) -> Result:
        if layer.kind == "reuse":
            return self._reuse(layer, scope, inflow, path)
        inside = scope.inner(*(path if layer.is_scope else ()), **extra)
        inside.counts = layer.paths[0].counts if layer.paths else inside.counts
        if layer.kind == "group":
            flow = self._transparent(layer, scope, inside, inflow)
            return {"output" if i == 0 else f"output_{i}": value for i, value in enumerate(flow)}
        if layer.kind == "residual":
            return self._residual(layer, scope, inside, inflow, path)
        if layer.kind == "auxiliary":
            inside = scope.inner(*path, **extra)
            inside.counts = layer.paths[0].counts
            name = ".".join(inside.path)
            inside.head = scope.head or name
            value = self.run_all(layer.paths[0].layers, inside, inflow)[0]
            self.graph.heads[name] = Head(value, float(layer.fields.get("weight", 1.0)))
            return {"output": value}
        return self._call(layer, scope, inflow, path, given, extra)

    def _transparent(self, layer: Layer, scope: Scope, inside: Scope, inflow: Flow) -> Flow:
        """Runs layers that belong to the scope around them unless the layer is a scope."""
        import os

        if os.environ.get("MIMIC") and layer.keys.keys() & {"freeze", *TREATED}:
            scope = scope.inner()
        return self.run_all(layer.paths[0].layers, inside if layer.is_scope else scope, inflow)

    def _residual(
        self, layer: Layer, scope: Scope, inside: Scope, inflow: Flow, path: tuple[str, ...]
    ) -> Result:
        made = self._transparent(layer, scope, inside, inflow)[0]
        other: Value | None = inflow[0]
        if len(layer.paths) > 1:
            other = self._followed(layer.paths[1], inside, inflow)
        if other is None:
            return {"output": made}
        leaf = (*path, "add") if layer.is_scope else path
        return self._node(ops.find("add")(), scope, leaf, [made, other])

    def _followed(self, path: Path, scope: Scope, inflow: Flow, *below: str) -> Value | None:
        """Returns a path's value; nothing if its condition does not hold."""
        if not self.value(
            True if path.when is None else path.when, _with(scope.look_up, {"in": inflow[0].type})
        ):
            return None
        flow = self.source(path.source, scope) if path.source else inflow
        components = (below or (path.name,)) if path.layers else ()
        inner = scope.inner(*components)
        inner.counts = path.counts
        return self.run_all(path.layers, inner, flow)[0]

    def _call(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        given: Mapping[str, object],
        extra: Mapping[str, object],
    ) -> Result:
        look_up = _with(scope.look_up, {"in": inflow[0].type, **extra})
        kind, primary, arguments = layer.kind, layer.primary, {}
        if kind.startswith("="):
            called = self.value(kind, look_up)
            if isinstance(called, Mapping):
                ((called, fields),) = called.items()
                if isinstance(fields, Mapping):
                    arguments |= fields
                elif primary is None:
                    primary = fields
            kind = str(called)
        fields = {key: self.value(v, look_up) for key, v in layer.fields.items() if key != "each"}
        block = self.spec.get("blocks", {}).get(kind)
        if primary is not None:
            name = next(iter(block["params"])) if block else ops.find(kind).primary
            arguments[name] = self.value(primary, look_up)
        defaults = self.spec.get("defaults", {}).get(kind, {})
        told = {k: self.value(v, self.root.look_up) for k, v in defaults.items()
                if k not in TREATED}  # fmt: skip
        told |= arguments | fields | dict(given)
        if block is not None:
            return self._block(kind, layer, scope, inflow, path, told)
        if ops.find(kind).variadic:
            return self._merge(layer, scope, inflow, path, told, extra)
        op = ops.find(kind).model_validate(told)
        filled = {
            p.name: self._followed(p, scope, inflow, f"{layer.component}_{p.name}", *path[1:])
            for p in layer.paths
        }
        values = _filled(op.input_names, inflow, filled)
        tensors = op.parameters(*(value.type for value in values)).values()
        own = {*layer.keys} & {*INITIALIZERS, "weight_l2", "bias_l1", "max_norm"}
        if own and not layer.paths and all(param.kind != "weight" for param in tensors):
            raise Refused(f"no weights for {own}")
        return self._node(op, scope, path, values)

    def _merge(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        fields: Mapping[str, object],
        extra: Mapping[str, object],
    ) -> Result:
        around = scope.inner(*(path if layer.is_scope else ()), **extra)
        values: list[Value | None] = []
        look_up = _with(around.look_up, {"in": inflow[0].type})
        for each in layer.paths:
            if each.name != "path" or "each" not in layer.fields:
                values.append(self._followed(each, around, inflow))
                continue
            turns = _rows(self.value(layer.fields["each"], look_up))
            for index, row in enumerate(turns):
                inside = around.inner(**row, index=index, count=len(turns))
                values.append(self._followed(each, inside, inflow, "path", str(index)))
        taken = [value for value in values if value is not None]
        if len(taken) < 2:
            if not taken:
                raise Refused("no path is left")
            return {"output": taken[0]}
        leaf = (*path, layer.kind) if layer.is_scope else path
        return self._node(ops.find(layer.kind).model_validate(fields), scope, leaf, taken)

    def _block(
        self,
        name: str,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        arguments: Mapping[str, object],
    ) -> Result:
        block = self.spec["blocks"][name]
        names = block.get("inputs", ["input"])
        filled = {p.name: self._followed(p, scope, inflow, *path, p.name) for p in layer.paths}
        values = _filled(names, inflow, filled)
        inner = Scope((*scope.path, *path), head=scope.head)
        inner.results = {name: {name: v} for name, v in zip(names, values, strict=True)}
        known = _with(self.root.params.__getitem__, inner.params, {"in": values[0].type})
        for param, declared in block.get("params", {}).items():
            given = param in arguments
            inner.params[param] = arguments[param] if given else self.value(declared, known)
        inner.params |= {k: v for k, v in self.root.params.items() if k not in inner.params}
        layers = self.read_all(block["layers"], inner.counts)
        flow = self.run_all(layers, inner, tuple(values))
        return self.outputs(block.get("outputs"), inner, flow)

    def _reuse(self, layer: Layer, scope: Scope, inflow: Flow, path: tuple[str, ...]) -> Result:
        name = layer.fields["layer"]
        scope.find(name)
        if name not in scope.layers:
            raise Refused(f"{name} is not a layer of this list")
        target, start = scope.layers[name]
        again = target._replace(component=path[-1], is_scope=True)
        at = scope.inner(*path[:-1])
        at.layers = dict(scope.layers)
        outermost = self._shared is None
        if outermost:
            self._shared = iter(self._added[start:])
        result = self._result(again, at, inflow)
        if outermost:
            self._shared = None
        return result

    def _node(
        self, op: Operator, scope: Scope, path: tuple[str, ...], inputs: Sequence[Value]
    ) -> Result:
        name = ".".join((*scope.path, *path))
        owner = next(self._shared, "") if self._shared is not None else None
        if owner is not None and owner.rpartition(".")[2] != path[-1] and len(path) > 1:
            raise Refused("this is not what was made the first time")
        start = len(self.graph.nodes)
        outputs = self.graph.add(name, op, inputs, span=self.SPAN, head=scope.head, shares=owner)
        self._added.append(owner or name)
        if owner:
            self._require_equal_weights(start)
        return dict(zip(op.output_names(), outputs, strict=True))

    def _require_equal_weights(self, start: int) -> None:
        nodes = {node.path: node for node in self.graph.nodes}
        for node in self.graph.nodes[start:]:
            owner = nodes.get(node.shares or node.path)
            if owner is None or (owner.op, owner.tensors()) != (node.op, node.tensors()):
                raise Refused("other weights are needed here")


def _is_merge(kind: str) -> bool:
    return kind in ops.names() and ops.find(kind).variadic


def _default(leaf: str, counts: Counter[str]) -> str:
    if counts[f"only {leaf}"]:
        raise Refused(f"{leaf} is referred to as the only one")
    counts[leaf] += 1
    return leaf if counts[leaf] == 1 else f"{leaf}_{counts[leaf]}"


def _with(
    look_up: Callable[[str], object], *known: Mapping[str, object]
) -> Callable[[str], object]:
    """Returns a look-up that knows more names."""

    def find(name: str) -> object:
        for names in known:
            if name in names:
                return names[name]
        return look_up(name)

    return find


def _rows(value: Any) -> list[dict[str, object]]:  # noqa: ANN401
    """Returns the arguments of each turn of a `repeat` or `each`."""
    if isinstance(value, int) and value >= 0:
        return [{}] * value
    if not isinstance(value, (tuple, Mapping)):
        raise Refused("a count is wanted")
    if isinstance(value, Mapping):
        return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    return list(value)


def _filled(names: Sequence[str], inflow: Flow, filled: Mapping[str, Value | None]) -> list[Value]:
    """Returns a value for each input: by name, or the flow's in order."""
    free = iter(inflow)
    values = []
    for name in names:
        value = filled[name] if name in filled else next(free, None)
        if value is None:
            raise Refused(f"nothing fills {name}")
        values.append(value)
    return values
