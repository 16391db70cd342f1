"""Random specs that are valid, with the graph that they should be compiled to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import yaml
from hypothesis import strategies as st
from random_layers import Spot, Writer
from random_operators import as_yaml, is_small
from spec_form import Written
from spec_reading import REFUSALS, Reading

from archspec import ops
from archspec.ir.graph import Graph
from archspec.ir.op import Example

SHAPES: tuple[tuple[int | str, ...], ...] = (
    (6,), (4,), ("T", 6), (5, 4), (3, 8, 9), (3, "H", "W"), (4, "H", 8), (6, 7, 7), (1, 12, 12),
    (2, 4, 5, 6), (2, "D", 5, 4), (6, 1, 1), ("T",),
)  # fmt: skip
WHOLE_NUMBERS: list[Written] = [
    {"shape": ["T"], "dtype": "int64"},
    {"shape": [6], "dtype": "int64"},
]


class RandomSpec(NamedTuple):
    """A spec, a variant of it, and the graph that this should be compiled to."""

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


@st.composite
def random_specs(draw: st.DrawFn) -> RandomSpec:
    """Returns a random valid spec."""
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=2))
    inputs: dict[str, Written] = {f"x{i}": [*shape] for i, shape in enumerate(shapes)}
    writer = Writer(draw, inputs)
    if writer.chance(10):
        inputs["x0"] = writer.pick(WHOLE_NUMBERS)
        writer = Writer(draw, inputs)
    writer.spec["defaults"] = _defaults(writer)
    return _finished(writer, [], _start(writer))


@st.composite
def specs_with(draw: st.DrawFn, name: str) -> RandomSpec:
    """Returns a random valid spec whose first layer is one of an operator's examples."""
    example = draw(st.sampled_from(ops.find(name).examples))
    layer, inputs = example_layer(name, example)
    writer = Writer(draw, inputs)
    start = _start(writer)
    return _finished(writer, [layer], start._replace(flow=writer.run(layer, start)))


def example_layer(name: str, example: Example) -> tuple[Written, dict[str, Written]]:
    """Returns an example as a layer, and the inputs of a spec that it reads."""
    inputs: dict[str, Written] = {f"x{i}": [*shape] for i, shape in enumerate(example.inputs)}
    if example.dtype != "float32":
        inputs = {n: {"shape": s, "dtype": example.dtype} for n, s in inputs.items()}
    operator, table = ops.find(name), as_yaml(example.fields)
    names = [f"p{i}" for i in range(len(inputs))] if operator.variadic else operator.input_names
    if len(inputs) > 1:
        table |= dict(zip(names, inputs, strict=True))
    return {name: table}, inputs


def _start(writer: Writer) -> Spot:
    return Spot(writer.reading.root, tuple(writer.reading.graph.inputs.values()), depth=2)


def _finished(writer: Writer, layers: list[Written], spot: Spot) -> RandomSpec:
    writer.spec["layers"] = layers + writer.layers(spot, most=8)[0]
    _name_outputs(writer)
    return _varied(writer, {key: said for key, said in writer.spec.items() if said})


def _defaults(writer: Writer) -> dict[str, Written]:
    """Returns defaults for some operators: what an example says that need not be said."""
    made: dict[str, Written] = {}
    while writer.chance(25):
        name = writer.pick(n for n in ops.names() if not ops.find(n).variadic)
        operator = ops.find(name)
        fields = writer.pick(operator.examples).fields
        optional = {key: as_yaml(value) for key, value in fields.items()
                    if not operator.model_fields[key].is_required()}  # fmt: skip
        if optional:
            made[name] = optional
    return made


def _name_outputs(writer: Writer) -> None:
    """Says what the outputs are, if it is not the last layer."""
    inputs = writer.reading.graph.inputs
    names = [name for name in writer.references(writer.reading.root) if name not in inputs]
    if not names or writer.chance(50):
        return
    outputs = writer.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    forms: list[Written] = [{f"out{i}": name for i, name in enumerate(outputs)}]
    if len({name.rpartition(".")[2] for name in outputs}) == len(outputs):
        forms.append(outputs)
    if len(outputs) == 1:
        forms.append(outputs[0])
    writer.spec["outputs"] = writer.pick(forms)


def _varied(writer: Writer, spec: Mapping[str, Written]) -> RandomSpec:
    """Returns the spec, or a variant of it that changes some parameters."""
    plain = RandomSpec({**spec}, None, Reading(spec).whole())
    params = spec.get("params", {})
    others = {name: writer.changed(said) for name, said in params.items() if writer.chance(50)}
    changes = {name: said for name, said in others.items() if said != params[name]}
    if not changes:
        return plain
    try:
        graph = Reading({**spec, "params": params | changes}).whole()
    except REFUSALS:
        return plain
    variants = {"base": {}, "other": {"extends": "base", **changes}}
    return RandomSpec({**spec, "variants": variants}, "other", graph) if is_small(graph) else plain
