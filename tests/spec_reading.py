"""A second, direct reading of the language, which the compiler is compared with.

There are no places and no diagnostics: what is wrong with a spec is `Refused`, or an error of
the operators or formulas, which are the compiler's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from spec_form import Form, Layer, Path, Refused, Written
from spec_scope import Flow, Result, Scope, Turn, filled, knowing, rows, value

from archspec import ops
from archspec.diagnostics import Span
from archspec.frontend.formula import FormulaError
from archspec.frontend.treatments import KEYS as TREATED
from archspec.ir.dim import Dim
from archspec.ir.graph import Graph, Head, Node, Value
from archspec.ir.op import Operator, OperatorError
from archspec.ir.types import TensorType

REFUSALS = (Refused, OperatorError, FormulaError, ValidationError)
SPAN = Span("reading")
OF_OUTPUTS = ("output_l1", "output_l2")


class Reading:
    """Reads one spec into a graph.

    Attributes:
        form: Tells what is called what.
        graph: What has been read.
        root: The scope of the spec's own layers.
    """

    def __init__(self, spec: Mapping[str, Written]) -> None:
        self.form = Form(spec)
        self.graph = Graph(spec["name"])
        self.root = Scope()
        self._spec = spec
        self._added: list[str] = []
        self._shared: Iterator[str] | None = None
        for name, written in spec.get("params", {}).items():
            self.root.params[name] = value(written, self.root.look_up)
        for name, shape in spec["inputs"].items():
            said = shape if isinstance(shape, dict) else {"shape": shape}
            sizes = value(said["shape"], self.root.look_up)
            assert isinstance(sizes, tuple)
            dims = tuple(Dim.of(size) if isinstance(size, str) else size for size in sizes)
            type_ = TensorType.of_example(dims, said.get("dtype", "float32"))
            self.root.results[name] = {name: self.graph.add_input(name, type_)}

    def whole(self) -> Graph:
        """Returns the graph of all that the spec says."""
        layers = self.form.layers(self._spec["layers"], self.root.counts)
        flow = self.run_all(layers, self.root, tuple(self.graph.inputs.values()))
        self.graph.outputs = _outputs(self._spec.get("outputs"), self.root, flow)
        return self.graph

    # Trying

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Forgets the nodes that are added within."""
        forget = self._forgetting()
        try:
            yield
        finally:
            forget()

    def attempt(self, make: Callable[[], Flow]) -> Flow | None:
        """Returns what is made; nothing, and no nodes of it, where it is refused."""
        forget = self._forgetting()
        try:
            return make()
        except REFUSALS:
            forget()
            return None

    def _forgetting(self) -> Callable[[], None]:
        """Returns what forgets the nodes that are added from now on."""
        lists: tuple[list[Any], ...] = (self.graph.nodes, self.graph.equalities, self._added)
        before, heads = [*map(len, lists)], dict(self.graph.heads)

        def forget() -> None:
            for items, count in zip(lists, before, strict=True):
                del items[count:]
            self.graph.heads = heads
            self._shared = None

        return forget

    def nodes_of(self, written: Written, flow: Flow) -> list[Node]:
        """Returns the nodes that a layer would add; none if it is refused."""
        start = len(self.graph.nodes)
        with self.trial():
            try:
                self.run(self.form.layer(written, Counter()), self.root.inner(), flow)
            except REFUSALS:
                return []
            return self.graph.nodes[start:]

    # Meaning

    def run_all(self, layers: Sequence[Layer], scope: Scope, flow: Flow) -> Flow:
        """Adds the nodes of a list of layers and returns what flows out."""
        for layer in layers:
            flow = self.run(layer, scope, flow)
        return flow

    def run(self, layer: Layer, scope: Scope, flow: Flow) -> Flow:
        """Adds the nodes of a layer and returns what flows out."""
        inflow = scope.source(layer.keys["from"]) if "from" in layer.keys else flow
        start = len(self._added)
        result = self._result(layer, scope, inflow)
        scope.results[layer.component] = result
        scope.layers[layer.component] = (layer, start)
        return flow if layer.kind == "auxiliary" else tuple(result.values())

    def _result(self, layer: Layer, scope: Scope, inflow: Flow) -> Result:
        turn = Turn(layer, scope, inflow, (layer.component,))
        if not value(layer.keys.get("when", True), turn.look_up):
            return self._skipped(layer, inflow)
        start = len(self.graph.nodes)
        result = self._repeated(turn) if "repeat" in layer.keys else self._once(turn)
        main = next(iter(result.values()))
        if layer.keys.keys() & {*OF_OUTPUTS} and main.name in self.graph.inputs:
            raise Refused("nothing was made")
        if "freeze" in layer.keys and start == len(self.graph.nodes):
            raise Refused("there is nothing to freeze")
        if tuple(layer.keys.get("expect", main.type.example)) != main.type.example:
            raise Refused("this is not what was expected")
        return result

    def _repeated(self, whole: Turn) -> Result:
        layer, scope, inflow, _, _, _ = whole
        turns = rows(value(layer.keys["repeat"], whole.look_up))
        result = self._skipped(layer, inflow)
        for index, row in enumerate(turns):
            extra = {"index": index, "count": len(turns)}
            turn = Turn(layer, scope, inflow, (layer.component, str(index)), row, extra)
            for key, at in (("first", 0), ("last", len(turns) - 1)):
                if index == at and key in layer.keys:
                    told = {k: value(v, turn.look_up) for k, v in layer.keys[key].items()}
                    turn = turn._replace(given={**turn.given, **told})
            result = self._once(turn)
            made = tuple(result.values())
            inflow = made + inflow[len(made) :]
        return result

    def _skipped(self, layer: Layer, inflow: Flow) -> Result:
        """Returns a skipped layer: the identity of its own input."""
        outputs = self._spec.get("blocks", {}).get(layer.kind, {}).get("outputs")
        names = [*outputs] if isinstance(outputs, dict) else ["output"]
        names += [f"output_{index}" for index in range(len(names), len(inflow))]
        return dict(zip(names, inflow, strict=False))

    def _once(self, turn: Turn) -> Result:
        match turn.layer.kind:
            case "reuse":
                return self._reuse(turn)
            case "group":
                made = enumerate(self._body(turn))
                return {f"output_{i}" if i else "output": found for i, found in made}
            case "residual":
                return self._residual(turn)
            case "auxiliary":
                return self._auxiliary(turn)
            case _:
                return self._call(turn)

    def _body(self, turn: Turn) -> Flow:
        """Runs layers that belong to the scope around them unless the layer is a scope."""
        scope = turn.inside() if turn.layer.is_scope else turn.scope
        return self.run_all(turn.layer.paths[0].layers, scope, turn.inflow)

    def _residual(self, turn: Turn) -> Result:
        made, other = self._body(turn)[0], turn.inflow[0]
        if len(turn.layer.paths) > 1:
            taken = self._followed(turn.layer.paths[1], turn.inside(), turn.inflow)
            if taken is None:
                return {"output": made}
            other = taken
        for sizes in zip(made.type.example, other.type.example, strict=False):
            if 1 in sizes and sizes[0] != sizes[1]:
                raise Refused("a size of 1 would be stretched")
        return self._node(ops.find("add")(), turn, [made, other], "add")

    def _auxiliary(self, turn: Turn) -> Result:
        inside = turn.scope.inner(*turn.path, **turn.extra)
        inside.counts = turn.layer.paths[0].counts
        name = ".".join(inside.path)
        inside.head = inside.head or name
        made = self.run_all(turn.layer.paths[0].layers, inside, turn.inflow)[0]
        self.graph.heads[name] = Head(made, float(turn.layer.fields.get("weight", 1.0)))
        return {"output": made}

    def _reuse(self, turn: Turn) -> Result:
        name = turn.layer.fields["layer"]
        turn.scope.find(name)
        if name not in turn.scope.layers:
            raise Refused(f"{name} is no layer of this list")
        target, start = turn.scope.layers[name]
        at = turn.scope.inner(*turn.path[:-1])
        at.layers = dict(turn.scope.layers)
        outermost = self._shared is None
        if outermost:
            self._shared = iter(self._added[start:])
        again = target._replace(component=turn.path[-1], is_scope=True)
        result = self._result(again, at, turn.inflow)
        if outermost:
            self._shared = None
        return result

    def _followed(self, path: Path, scope: Scope, inflow: Flow, *below: str) -> Value | None:
        """Returns a path's value; nothing if its condition does not hold."""
        look_up = knowing(scope.look_up, {"in": inflow[0].type})
        if path.when is not None and not value(path.when, look_up):
            return None
        flow = scope.source(path.source) if path.source else inflow
        inner = scope.inner(*((below or (path.name,)) if path.layers else ()))
        inner.counts = path.counts
        return self.run_all(path.layers, inner, flow)[0]

    def _call(self, turn: Turn) -> Result:
        layer = turn.layer
        called = value(layer.kind, turn.look_up)
        kind, fields = next(iter(called.items())) if isinstance(called, Mapping) else (called, {})
        assert isinstance(kind, str)
        block = self._spec.get("blocks", {}).get(kind)
        defaults = self._spec.get("defaults", {}).get(kind, {})
        told = {k: value(v, self.root.look_up) for k, v in defaults.items() if k not in TREATED}
        told |= fields if isinstance(fields, Mapping) else {_primary(kind, block): fields}
        if layer.primary is not None:
            told[_primary(kind, block)] = value(layer.primary, turn.look_up)
        told |= {k: value(v, turn.look_up) for k, v in layer.fields.items() if k != "each"}
        told |= turn.given
        if block is not None:
            return self._block(block, turn, told)
        operator = ops.find(kind)
        if operator.variadic:
            return self._merge(turn, operator, told)
        op = operator.model_validate(told)
        first, *rest = turn.path
        by_name = {
            path.name: self._followed(path, turn.scope, turn.inflow, f"{first}_{path.name}", *rest)
            for path in layer.paths
        }
        values = filled(op.input_names, turn.inflow, by_name)
        _require_weights(layer, op, values)
        return self._node(op, turn, values)

    def _merge(self, turn: Turn, operator: type[Operator], told: Mapping[str, object]) -> Result:
        inside, values = turn.inside(), []
        for path in turn.layer.paths:
            if path.name != "path" or "each" not in turn.layer.fields:
                values.append(self._followed(path, inside, turn.inflow))
                continue
            turns = rows(value(turn.layer.fields["each"], turn.look_up))
            for index, row in enumerate(turns):
                at = inside.inner(**row, index=index, count=len(turns))
                values.append(self._followed(path, at, turn.inflow, "path", str(index)))
        taken = [found for found in values if found is not None]
        if not taken:
            raise Refused("no path is left")
        if len(taken) == 1:
            return {"output": taken[0]}
        return self._node(operator.model_validate(told), turn, taken, turn.layer.kind)

    def _block(
        self, block: Mapping[str, Written], turn: Turn, told: Mapping[str, object]
    ) -> Result:
        names = block.get("inputs", ["input"])
        by_name = {
            path.name: self._followed(path, turn.scope, turn.inflow, *turn.path, path.name)
            for path in turn.layer.paths
        }
        values = filled(names, turn.inflow, by_name)
        inner = Scope((*turn.scope.path, *turn.path), head=turn.scope.head)
        inner.results = {name: {name: v} for name, v in zip(names, values, strict=True)}
        look_up = knowing(self.root.params.__getitem__, inner.params, {"in": values[0].type})
        for param, declared in block.get("params", {}).items():
            inner.params[param] = told[param] if param in told else value(declared, look_up)
        inner.params |= {k: v for k, v in self.root.params.items() if k not in inner.params}
        layers = self.form.layers(block["layers"], inner.counts)
        flow = self.run_all(layers, inner, tuple(values))
        return _outputs(block.get("outputs"), inner, flow)

    def _node(self, op: Operator, turn: Turn, inputs: Sequence[Value], leaf: str = "") -> Result:
        """Adds a node, which is a leaf inside where it joins what is in a scope."""
        inside = (leaf,) if leaf and turn.layer.is_scope else ()
        name = ".".join((*turn.scope.path, *turn.path, *inside))
        owner = self._owner(op)
        start = len(self.graph.nodes)
        outputs = self.graph.add(name, op, inputs, span=SPAN, head=turn.scope.head, shares=owner)
        self._added.append(owner or name)
        if owner is not None:
            self._require_equal_weights(start)
        return dict(zip(op.output_names(), outputs, strict=True))

    def _owner(self, op: Operator) -> str | None:
        """Returns whose weights the next node shares, while a layer is run again."""
        if self._shared is None:
            return None
        owner = next(self._shared, None)
        kinds = {node.path: node.op.kind() for node in self.graph.nodes}
        if owner is None or kinds.get(owner, op.kind()) != op.kind():
            raise Refused("this is not what was made the first time")
        return owner

    def _require_equal_weights(self, start: int) -> None:
        nodes = {node.path: node for node in self.graph.nodes}
        for node in self.graph.nodes[start:]:
            owner = nodes.get(node.owner)
            if owner is None or (owner.op, owner.tensors()) != (node.op, node.tensors()):
                raise Refused("other weights are needed here")


def _primary(kind: str, block: Mapping[str, Written] | None) -> str:
    name = next(iter(block["params"])) if block else ops.find(kind).primary
    assert name is not None
    return name


def _require_weights(layer: Layer, op: Operator, inputs: Sequence[Value]) -> None:
    """Refuses a layer that treats weights which it does not have."""
    types = [found.type for found in inputs]
    op.outputs(*types)  # refuses what it has no weights for
    tensors = op.parameters(*types).values()
    own = layer.keys.keys() & {*TREATED} - {*OF_OUTPUTS}
    if own and not layer.paths and all(param.kind != "weight" for param in tensors):
        raise Refused(f"there are no weights for {own}")


def _outputs(written: Written, scope: Scope, flow: Flow) -> Result:
    """Returns the outputs of a network or block by name."""
    if written is None:
        return {"output": flow[0]}
    if not isinstance(written, dict):
        names = [written] if isinstance(written, str) else written
        written = {name.rpartition(".")[2]: name for name in names}
    return {name: scope.source(source)[0] for name, source in written.items()}
