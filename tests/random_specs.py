"""Random specs that are valid, written from what the operators' examples accept.

A new operator joins by its examples. Every layer is read by `spec_reading` as it is written;
one that is refused is left out, so what is written is valid by that reading, and the graph that
it has read is what the compiler is expected to make.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import yaml
from hypothesis import strategies as st
from spec_reading import REFUSALS, Flow, Layer, Reading, Scope, Written

from archspec import ops
from archspec.ir.dim import substitute
from archspec.ir.graph import Graph
from archspec.ir.op import Example
from archspec.ir.treatment import is_bias
from archspec.ir.types import TensorType

LARGEST = 2000
"""The most numbers in a value, a symbolic size counted as `SYMBOLIC`."""

SYMBOLIC = 16
MOST_WEIGHTS = 20_000
SHAPES: tuple[tuple[int | str, ...], ...] = (
    (6,), (4,), ("T", 6), (5, 4), (3, 8, 9), (3, "H", "W"), (4, "H", 8), (6, 7, 7), (1, 12, 12),
    (2, 4, 5, 6), (2, "D", 5, 4), (6, 1, 1), ("T",),
)  # fmt: skip
CHANGED = {True: False, False: True, "relu": "tanh", "tanh": "relu"}
"""Other values that a parameter may take."""

Keep = Callable[[TensorType, TensorType], bool]


def any_type(before: TensorType, after: TensorType) -> bool:
    """Says that a list of layers may make anything."""
    return True


def same_type(before: TensorType, after: TensorType) -> bool:
    """Says that a list of layers must make what it takes."""
    return before == after


def same_but_channels(before: TensorType, after: TensorType) -> bool:
    """Says that a list of layers may change the channels only."""
    return before.dtype == after.dtype and (
        before.shape[2:] == after.shape[2:] and len(before.shape) == len(after.shape) > 1
    )


class RandomSpec(NamedTuple):
    """A spec, a variant of it, and the graph that it should be compiled to."""

    spec: dict[str, Written]
    variant: str | None
    graph: Graph

    @property
    def text(self) -> str:
        """The spec as YAML."""
        return dump(self.spec)

    def __repr__(self) -> str:
        return f"variant {self.variant} of\n{self.text}"


def dump(spec: Written) -> str:
    """Returns a spec as YAML, in which nothing is an alias."""

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    return yaml.dump(spec, Dumper=Dumper, sort_keys=False, default_flow_style=None, width=100)


def referable(layer: Layer, scope: Scope) -> bool:
    """Returns whether a layer has a name, or is the only one of its kind so far."""
    return "name" in layer.keys or (scope.counts[layer.leaf] == 1 and layer.leaf != "identity")


@cache
def accepted(*types: TensorType) -> tuple[tuple[str, Example, TensorType], ...]:
    """Returns the examples whose operators take these types, with what they make."""
    found = []
    for name in ops.names():
        operator = ops.find(name)
        if operator.variadic or len(operator.input_names) != len(types):
            continue
        for example in operator.examples:
            graph = Graph("one")
            values = [graph.add_input(f"x{i}", type_) for i, type_ in enumerate(types)]
            op = operator.model_validate(example.fields)
            try:
                made = graph.add("node", op, values, span=Reading.SPAN)
            except REFUSALS:
                continue
            if is_small(graph):
                found.append((name, example, made[0].type))
    return tuple(found)


def is_small(graph: Graph, start: int = 0) -> bool:
    """Returns whether the nodes from `start` are small enough to be run."""
    values = [value for node in graph.nodes[start:] for value in node.outputs]
    tensors = [param for node in graph.nodes[start:] for param in node.tensors().values()]
    return all(numbers(value.type) <= LARGEST for value in values) and all(
        math.prod(param.shape) <= MOST_WEIGHTS for param in tensors
    )


def numbers(type_: TensorType) -> int:
    """Returns about how many numbers an example of a type has."""
    sizes = dict.fromkeys("DHSTW", SYMBOLIC)
    return math.prod(int(substitute(size, sizes)) for size in type_.example)  # type: ignore[arg-type]


def as_yaml(value: object) -> Written:
    """Returns a field as YAML has it."""
    if isinstance(value, (tuple, list)):
        return [as_yaml(item) for item in value]
    if isinstance(value, Mapping):
        return {key: as_yaml(item) for key, item in value.items()}
    return value


class Parameters:
    """The parameters of the file, or of the block that is being written."""

    def __init__(self, scope: Scope, *, of_block: bool) -> None:
        self.scope = scope
        self.of_block = of_block
        self.declared: dict[str, Written] = {}
        self.given: dict[str, Written] = {}


class Writer:
    """Writes one spec."""

    def __init__(self, draw: st.DrawFn, inputs: Mapping[str, Written]) -> None:
        self.draw = draw
        self.spec: dict[str, Written] = {
            "name": "net", "params": {}, "inputs": dict(inputs), "defaults": {}, "blocks": {},
            "layers": [],
        }  # fmt: skip
        self.reading = Reading(self.spec)
        self.parameters = Parameters(self.reading.root, of_block=False)
        self.parameters.declared = self.spec["params"]
        self._numbers = itertools.count(1)

    def chance(self, percent: int) -> bool:
        """Returns true in about `percent` of a hundred draws, and false in the simplest."""
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def pick(self, options: Iterable[Any]) -> Any:  # noqa: ANN401
        """Returns one of the options; the first is the simplest."""
        return self.draw(st.sampled_from(list(options)))

    def name(self, kind: str) -> str:
        """Returns a name that is new in the whole spec."""
        return f"{kind}{next(self._numbers)}"

    # Lists of layers

    def layers(
        self, scope: Scope, flow: Flow, depth: int, keep: Keep = any_type, most: int = 3
    ) -> list[Written]:
        """Returns a few layers that the scope's flow can go through, and runs them."""
        written: list[Written] = []
        for _ in range(self.draw(st.integers(1, most))):
            made = self.tried(self.layer(scope, flow, depth, keep), scope, flow, keep)
            if made:
                written.append(made[0])
                flow = made[1]
        if not written:
            written.append("identity")
            flow = self.ran("identity", scope, flow)
        self.last = flow
        return written

    def tried(
        self, layer: Written, scope: Scope, flow: Flow, keep: Keep
    ) -> tuple[Written, Flow] | None:
        """Runs a layer, if it is allowed, and returns it with what flows out."""
        if layer is None:
            return None
        start = len(self.reading.graph.nodes)
        before = (scope.counts.copy(), dict(scope.results), dict(scope.layers))
        made = self.reading.attempt(
            lambda: self.checked(self.ran(layer, scope, flow), flow, start, keep)
        )
        if made is None:
            scope.counts, scope.results, scope.layers = before
            return None
        return layer, made

    def ran(self, layer: Written, scope: Scope, flow: Flow) -> Flow:
        """Runs a layer and returns what flows out."""
        return self.reading.run(self.reading.read(layer, scope.counts), scope, flow)

    def checked(self, made: Flow, flow: Flow, start: int, keep: Keep) -> Flow:
        """Returns what was made if it is small and of a type that is wanted."""
        if not keep(flow[0].type, made[0].type) or not is_small(self.reading.graph, start):
            raise REFUSALS[0]("not what is wanted here")
        return made

    def inside(
        self, scope: Scope, flow: Flow, depth: int, keep: Keep = any_type
    ) -> tuple[list[Written], Flow]:
        """Returns layers for inside a layer, which are run again as a part of it."""
        with self.reading.trial():
            return self.layers(scope.inner(), flow, depth - 1, keep, most=4), self.last

    def layer(self, scope: Scope, flow: Flow, depth: int, keep: Keep) -> Written | None:
        """Returns a layer that may suit the flow, or nothing."""
        simple = [self.operator, self.operator, self.operator, self.two_inputs, self.again,
                  self.called_by_formula]  # fmt: skip
        nested = [self.merge, self.residual, self.group, self.block, self.block, self.auxiliary]
        make = self.pick(simple + nested if depth > 0 else simple)
        source = None
        known = self.references(scope)
        if keep is any_type and known and self.chance(15):
            source = self.pick(known)
            flow = self.reading.source(source, scope)
        made = make(scope, flow, depth, keep)
        if made is None:
            return None
        kind, table = made
        if isinstance(table, list):
            return {kind: table}
        if source:
            table["from"] = source
        self.decorate(kind, table, flow)
        return self.shortened(kind, table)

    def shortened(self, kind: str, table: dict[str, Written]) -> Written:
        """Returns a layer in its shortest form, or not."""
        if not table:
            return kind
        primary = ops.find(kind).primary if kind in ops.names() else None
        main = {"group": "layers", "residual": "body", "reuse": "layer"}.get(kind, primary)
        value = table.get(main or "")
        if [*table] == [main] and not isinstance(value, dict) and self.chance(80):
            return {kind: value}
        return {kind: table}

    def references(self, scope: Scope) -> list[str]:
        """Returns the names that a layer can refer to."""
        names = []
        for around in scope.chain():
            for name, result in around.results.items():
                layer, _ = around.layers.get(name, (None, 0))
                if layer and (layer.kind == "auxiliary" or not referable(layer, around)):
                    continue
                names += [name, *(f"{name}.{output}" for output in result if len(result) > 1)]
        return sorted(set(names))

    # Kinds of layers: each returns what is called and its keys

    def operator(
        self, scope: Scope, flow: Flow, depth: int, keep: Keep
    ) -> tuple[str, Written] | None:
        type_ = flow[0].type
        options = [(n, e) for n, e, made in accepted(type_) if keep(type_, made)]
        if not options:
            return None
        name = self.pick(dict(options))
        example = self.pick([e for n, e in options if n == name])
        return name, self.fields(example.fields, flow)

    def two_inputs(
        self, scope: Scope, flow: Flow, depth: int, keep: Keep
    ) -> tuple[str, Written] | None:
        refs = self.references(scope)
        options = []
        for ref in refs:
            other = self.reading.source(ref, scope)[0].type
            for name, example, made in accepted(flow[0].type, other):
                if keep(flow[0].type, made):
                    options.append((name, example, ref))
        if not options:
            return None
        name, example, ref = self.pick(options)
        table = self.fields(example.fields, flow)
        second = ops.find(name).input_names[1]
        if (
            self.chance(30)
            and self.reading.source(ref, scope)[0].type == flow[0].type
            and depth > 0
        ):
            table[second] = self.inside(scope, flow, depth, same_but_channels)[0]
        else:
            table[second] = ref
        return name, table

    def called_by_formula(
        self, scope: Scope, flow: Flow, depth: int, keep: Keep
    ) -> tuple[str, Written] | None:
        options = [(n, e) for n, e, made in accepted(flow[0].type) if keep(flow[0].type, made)]
        if not options:
            return None
        kind, example = self.pick(options)
        fields = as_yaml(example.fields)
        return f"={self.declare('act', {kind: fields} if fields else kind)}", {}

    def merge(self, scope: Scope, flow: Flow, depth: int, keep: Keep) -> tuple[str, Written] | None:
        kind = self.pick(name for name in ops.names() if ops.find(name).variadic)
        refs = self.references(scope)
        if refs and self.chance(15):
            return kind, [self.pick(refs), self.pick(refs)]
        named = self.chance(40)
        paths = ["left", "right", "third"] if named else [self.name("p") for _ in range(3)]
        wanted = same_but_channels if kind == "concat" and keep is not same_type else same_type
        table: dict[str, Written] = {"name": self.name("n")} if named else {}
        if self.chance(20):
            return kind, self.copies(scope, flow, depth, wanted) | {"name": self.name("n")}
        for path in paths[: self.draw(st.integers(2, 3))]:
            form = self.pick(["layers", "empty", "reference", "table"])
            if form == "reference" and refs:
                table[path] = self.pick(refs)
                continue
            layers = [] if form == "empty" else self.inside(scope, flow, depth, wanted)[0]
            table[path] = layers
            if form == "table":
                table[path] = {"layers": layers}
                if self.chance(50):
                    table[path]["when"] = self.condition(flow)
                if refs and self.chance(30):
                    table[path]["from"] = self.pick(refs)
        return kind, table

    def copies(self, scope: Scope, flow: Flow, depth: int, wanted: Keep) -> dict[str, Written]:
        """Returns a path that is repeated side by side."""
        name, values = self.name("r"), [1, 2, self.draw(st.integers(1, 3))]
        each: Written = {name: values}
        if self.chance(30):
            each = [{name: value} for value in values]
        elif self.chance(20):
            each = 2
        inner = scope.inner()
        inner.params = {name: 1, "index": 0, "count": 3} if each != 2 else {"index": 0, "count": 2}
        layers = self.inside(inner, flow, depth, wanted)[0]
        layers += self.using(inner, flow, "index + 1" if each == 2 else name)
        return {"each": each, "path": layers}

    def using(self, scope: Scope, flow: Flow, formula: str) -> list[Written]:
        """Returns a layer that computes with a name, where there is one for the flow."""
        sizes = flow[0].type.example
        if len(sizes) == 3 and isinstance(sizes[0], int):
            fields = {"out_channels": f"={formula}", "kernel_size": 1}
            return [{"conv2d": fields}] if flow[0].type.dtype == "float32" else []
        return []

    def residual(
        self, scope: Scope, flow: Flow, depth: int, keep: Keep
    ) -> tuple[str, Written] | None:
        wanted = self.pick([same_type, same_type, same_but_channels])
        body, after = self.inside(scope, flow, depth, wanted)
        table: dict[str, Written] = {"body": body}
        if after[0].type != flow[0].type or self.chance(30):
            table["name"] = self.name("n")
            table["shortcut"] = self.adapter(flow, after) or body
            if self.chance(40):
                table["shortcut"] = {"layers": table["shortcut"], "when": self.condition(flow)}
        return "residual", table

    def adapter(self, flow: Flow, wanted: Flow) -> list[Written]:
        """Returns a layer that makes one type of another that has other channels."""
        channels = wanted[0].type.example[0] if wanted[0].type.example else None
        kind = {1: "linear", 2: "conv1d", 3: "conv2d", 4: "conv3d"}.get(len(flow[0].type.example))
        if not isinstance(channels, int) or kind is None:
            return []
        if kind == "linear":
            return [{"linear": channels}]
        layer: dict[str, Written] = {"out_channels": channels, "kernel_size": 1}
        if isinstance(flow[0].type.example[0], int) and self.chance(50):
            layer["when"] = f"=in.channels != {channels}"
        return [{kind: layer}]

    def group(self, scope: Scope, flow: Flow, depth: int, keep: Keep) -> tuple[str, Written] | None:
        return "group", {"layers": self.inside(scope, flow, depth, keep)[0]}

    def auxiliary(
        self, scope: Scope, flow: Flow, depth: int, keep: Keep
    ) -> tuple[str, Written] | None:
        if scope.head:
            return None
        inner = scope.inner()
        inner.head = "head"
        table = {"layers": self.inside(inner, flow, depth)[0]}
        table["name"] = self.name("aux")
        if self.chance(50):
            table["weight"] = self.pick([0.3, 1, 0])
        return "auxiliary", table

    def again(self, scope: Scope, flow: Flow, depth: int, keep: Keep) -> tuple[str, Written] | None:
        named = [n for n, (layer, _) in scope.layers.items()
                 if referable(layer, scope) and layer.kind != "auxiliary"]  # fmt: skip
        return ("reuse", {"layer": self.pick(named)}) if named else None

    def block(self, scope: Scope, flow: Flow, depth: int, keep: Keep) -> tuple[str, Written] | None:
        known = [n for n in self.spec["blocks"] if not self.parameters.of_block]
        if known and self.chance(50):
            name = self.pick(known)
            args = dict(self.arguments[name])
            for key, value in args.items():
                if self.chance(30):
                    args[key] = self.changed(value)
        else:
            name, args = self.new_block(scope, flow, depth, keep)
        inputs = self.spec["blocks"][name].get("inputs", [])
        refs = [r for r in self.references(scope) if "." not in r]
        for input_ in inputs[1:]:
            if depth > 0 and self.chance(30):
                args[input_] = self.inside(scope, flow, depth, same_but_channels)[0]
            elif refs:
                args[input_] = self.pick(refs)
        return name, args

    def new_block(
        self, scope: Scope, flow: Flow, depth: int, keep: Keep
    ) -> tuple[str, dict[str, Written]]:
        name = self.name("block")
        outer, root = self.parameters, self.reading.root
        inputs = self.pick([[], ["x1"], ["x1", "prev"]])
        inner = Scope(head=scope.head, params=dict(root.params))
        values = (flow * 2)[: max(1, len(inputs))]
        inner.results = {n: {n: v} for n, v in zip(inputs or ["input"], values, strict=True)}
        self.parameters = Parameters(inner, of_block=True)
        with self.reading.trial():
            layers = self.layers(inner, values, depth - 1, keep, most=4)
        block: dict[str, Written] = {"params": self.parameters.declared}
        if inputs:
            block["inputs"] = inputs
        block["layers"] = layers
        names = self.references(inner)
        if self.chance(40) and keep is any_type:
            main, second = self.pick(names), (inputs or ["input"])[0]
            block["outputs"] = self.pick([main, {"out": main}, {"out": main, "prev": second}])
        self.spec["blocks"][name] = {k: v for k, v in block.items() if v}
        given, self.parameters = self.parameters.given, outer
        if given and self.chance(20):
            key = self.pick(given)
            self.spec["defaults"][name] = {key: given.pop(key)}
        self.arguments[name] = given
        return name, dict(given)

    arguments: dict[str, dict[str, Written]]

    # Values

    def fields(self, fields: Mapping[str, object], flow: Flow) -> dict[str, Written]:
        """Returns fields as a spec may write them, some of them as formulas."""
        return {key: self.written(key, as_yaml(value), flow) for key, value in fields.items()}

    def written(self, key: str, value: Written, flow: Flow) -> Written:
        """Returns a value, or a formula of that value."""
        form = self.pick(["plain", "plain", "plain", "formula", "declared"])
        if form == "declared":
            return f"={self.declare(key, value)}"
        if form == "formula" and isinstance(value, int) and not isinstance(value, bool):
            return self.formula(value, flow)
        if form == "formula" and isinstance(value, bool):
            return f"={self.truth(value, flow)}"
        if form == "formula" and isinstance(value, list):
            return [self.written(key, item, flow) if isinstance(item, int) else item
                    for item in value]  # fmt: skip
        return value

    def formula(self, value: int, flow: Flow) -> str:
        """Returns a formula of a whole number."""
        known: list[tuple[str, int]] = [
            (name, number)
            for name, number in self.parameters.scope.params.items()
            if isinstance(number, int) and not isinstance(number, bool)
        ]
        sizes = flow[0].type.example
        if sizes and isinstance(sizes[0], int):
            known.append(("in.channels", sizes[0]))
        name, number = self.pick([("1", 1), *known])
        forms = [
            f"={name} + {value - number}" if value >= number else f"={name} - {number - value}"
        ]
        if number and value % number == 0:
            forms += [f"={value // number} * {name}", f"={value} // {name} * {name}"]
        if number <= value:
            forms += [f"=max({name}, {value})", f"={name} if {name} > {value} else {value}"]
        if number == value:
            forms += [f"={name}", f"=[0, {name}][1]", f"=sum([{name}, 0])"]
        return str(self.pick(forms))

    def truth(self, value: bool, flow: Flow) -> str:
        """Returns a formula that is true or false."""
        known = [n for n, v in self.parameters.scope.params.items() if v is value]
        against = [n for n, v in self.parameters.scope.params.items() if v is (not value)]
        sizes = flow[0].type.example
        forms = ["true" if value else "false", *known, *(f"not {name}" for name in against)]
        if sizes and isinstance(sizes[0], int):
            forms.append(f"in.channels {'==' if value else '!='} {sizes[0]}")
            forms.append(f"in.channels > 0 and {'not ' if value else ''}1 > 2")
        return str(self.pick(forms))

    def condition(self, flow: Flow) -> Written:
        """Returns a condition."""
        value = self.chance(60)
        return f"={self.truth(value, flow)}" if self.chance(80) else value

    def declare(self, key: str, value: Written) -> str:
        """Declares a parameter of that value and returns its name."""
        name = self.name(key.split("_", maxsplit=1)[0])
        parameters = self.parameters
        parameters.scope.params[name] = self.reading.value(value, parameters.scope.look_up)
        if not parameters.of_block:
            parameters.declared[name] = value
        elif self.chance(50):
            parameters.declared[name] = value
            if self.chance(30):
                parameters.given[name] = value
        else:
            words = {int: "int", bool: "bool", float: "float", str: "str", list: "list"}
            word = "layer" if key == "act" else words.get(type(value), "any")
            parameters.declared[name] = self.pick([word, "any"])
            parameters.given[name] = value
        return name

    def changed(self, value: Written) -> Written:
        """Returns another value like this one, where there is one."""
        if isinstance(value, int) and not isinstance(value, bool):
            return max(1, value + self.pick([1, -1, 2]))
        return CHANGED.get(value, value) if isinstance(value, (bool, str)) else value

    # What every layer understands

    def decorate(self, kind: str, table: dict[str, Written], flow: Flow) -> None:
        """Adds keys that every layer understands."""
        if self.chance(30) and "name" not in table:
            table["name"] = self.name("n")
        if self.chance(12) and kind != "auxiliary":
            table["when"] = self.condition(flow)
        if self.chance(15) and kind not in ("auxiliary", "reuse"):
            self.repeat(kind, table, flow)
        if self.chance(20) and kind not in ("reuse",):
            self.treat(kind, table, flow)
        if self.chance(8) and kind in ops.names() and "repeat" not in table and "when" not in table:
            self.expect(kind, table, flow)

    def expect(self, kind: str, table: dict[str, Written], flow: Flow) -> None:
        """Asserts the shape that an operator makes of the flow."""
        if self.parameters.of_block or ops.find(kind).variadic:
            return
        made = self.reading.result_of(self.shortened(kind, dict(table)), flow)
        if made and all(isinstance(size, int) for size in made.example):
            table["expect"] = [*made.example]

    def repeat(self, kind: str, table: dict[str, Written], flow: Flow) -> None:
        """Repeats a layer, some of its arguments in rows or columns."""
        count = self.draw(st.integers(0, 3))
        numbers_ = [key for key, v in table.items() if isinstance(v, int) and key in self.own(kind)]
        if not numbers_ or self.chance(40):
            table["repeat"] = count if self.chance(60) else self.formula(count, flow)
            if numbers_ and count and self.chance(50):
                key = self.pick(numbers_)
                table[self.pick(["first", "last"])] = {key: self.changed(table[key])}
            return
        key = self.pick(numbers_)
        value = table.pop(key)
        column = [value, *(self.pick([value, self.changed(value)]) for _ in range(count))]
        columns = self.chance(50)
        table["repeat"] = {key: column} if columns else [{key: v} for v in column]

    def own(self, kind: str) -> Sequence[str]:
        """Returns the fields or parameters of what is called."""
        if kind in ops.names():
            return [*ops.find(kind).model_fields]
        return [*self.spec["blocks"].get(kind, {}).get("params", {})]

    def treat(self, kind: str, table: dict[str, Written], flow: Flow) -> None:
        """Says how training treats the weights."""
        if self.chance(50):
            inside = kind in self.spec["blocks"] or kind in ("group", "residual")
            table["freeze"] = self.pick([True, False, "=1 < 2", *(["*", ["*"]] if inside else [])])
        if kind.startswith("="):
            return
        if kind in ops.names() and not ops.find(kind).variadic:
            weights = self.reading.weights_of(self.shortened(kind, dict(table)), flow)
            if not weights:
                return
            kernels = any(len(shape) > 1 for name, shape in weights.items() if not is_bias(name))
        else:
            kernels = True
        fills = ["zeros", "ones", {"constant": 0.25}, {"normal": {"std": 0.01}}, "random_uniform"]
        options: dict[str, Written] = {
            "weight_init": fills + (["he_normal", "glorot_uniform", "lecun_normal"] * kernels),
            "bias_init": fills,
            "weight_l2": [0.001, 1],
            "bias_l1": [0.1],
            "max_norm": [3],
        }
        key = self.pick(options)
        table[key] = self.pick(options[key])


@st.composite
def random_specs(draw: st.DrawFn, must: str | None = None) -> RandomSpec:
    """Returns a random valid spec, with an operator that it must use."""
    first: Written = None
    if must is None:
        shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=2))
        inputs: dict[str, Written] = {f"x{i}": [*s] for i, s in enumerate(shapes)}
        if draw(st.integers(0, 9)) == 9:
            inputs["x0"] = {"shape": draw(st.sampled_from([["T"], [6]])), "dtype": "int64"}
    else:
        example = draw(st.sampled_from(ops.find(must).examples))
        inputs = {f"x{i}": [*shape] for i, shape in enumerate(example.inputs)}
        if example.dtype != "float32":
            inputs = {n: {"shape": s, "dtype": example.dtype} for n, s in inputs.items()}
        operator, fields = ops.find(must), as_yaml(example.fields)
        names = [f"p{i}" for i in range(len(inputs))] if operator.variadic else operator.input_names
        many = len(inputs) > 1
        first = {must: fields | (dict(zip(names, inputs, strict=True)) if many else {})}
    writer = Writer(draw, inputs)
    writer.arguments = {}
    root = writer.reading.root
    flow = tuple(writer.reading.graph.inputs.values())
    layers: list[Written] = []
    if first is not None:
        layers.append(first)
        flow = writer.ran(first, root, flow)
    else:
        writer.spec["defaults"] = defaults(writer)
    layers += writer.layers(root, flow, depth=2, most=8)
    writer.spec["layers"] = layers
    finish(writer)
    spec = {key: value for key, value in writer.spec.items() if value}
    return varied(writer, spec)


def defaults(writer: Writer) -> dict[str, Written]:
    """Returns defaults for some operators: what an example says that need not be said."""
    made: dict[str, Written] = {}
    while writer.chance(25):
        name = writer.pick(n for n in ops.names() if not ops.find(n).variadic)
        operator = ops.find(name)
        fields = writer.pick(operator.examples).fields
        optional = {k: as_yaml(v) for k, v in fields.items()
                    if not operator.model_fields[k].is_required()}  # fmt: skip
        if optional:
            made[name] = optional
    return made


def finish(writer: Writer) -> None:
    """Says what the outputs are, if it is not the last layer."""
    reading = writer.reading
    names = [name for name in writer.references(reading.root) if name not in reading.graph.inputs]
    if names and writer.chance(50):
        outputs = writer.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        forms = [{f"out{i}": name for i, name in enumerate(outputs)}]
        if len({name.rpartition(".")[2] for name in outputs}) == len(outputs):
            forms += [outputs] + ([outputs[0]] if len(outputs) == 1 else [])
        writer.spec["outputs"] = writer.pick(forms)


def varied(writer: Writer, spec: dict[str, Written]) -> RandomSpec:
    """Returns the spec, or a variant of it, with its graph."""
    graph = Reading(spec).whole()
    params = spec.get("params", {})
    if not params or not writer.chance(50):
        return RandomSpec(spec, None, graph)
    changes = {n: writer.changed(v) for n, v in params.items()}
    changes = {n: v for n, v in changes.items() if v != params[n] and writer.chance(70)}
    other = {**spec, "params": params | changes}
    try:
        changed = Reading(other).whole()
    except REFUSALS:
        return RandomSpec(spec, None, graph)
    if not is_small(changed):
        return RandomSpec(spec, None, graph)
    variants = {"base": {}, "other": {"extends": "base", **changes}}
    return RandomSpec({**spec, "variants": variants}, "other", changed)
