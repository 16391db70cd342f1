"""The laws of the whole compiler, on random specs that use every operator and construct."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from execution import Arrays, bound, by_name, random_inputs, random_weights, run_onnx, run_torch
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings
from hypothesis import strategies as st
from random_specs import RandomSpec, dump, random_specs
from spec_reading import Reading

from archspec import ops
from archspec.backends.dot.document import document
from archspec.backends.onnx import export
from archspec.backends.torch import build
from archspec.diagnostics import SpecError
from archspec.diagnostics.codes import CODES
from archspec.diagnostics.render import render
from archspec.frontend import compile_text
from archspec.frontend.compiler import analyse_text
from archspec.frontend.shipped import shipped_specs
from archspec.ir.graph import Graph
from archspec.ir.totals import totals

SIZES = (13, 24, 40)
"""What the first symbolic size is bound to, for a start; each further one is a little larger."""

STEPS = (3, 0)
"""How much larger; sizes that must be equal need the second one."""

law = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def compiled(spec: RandomSpec) -> Graph:
    """Returns the graph that the compiler makes, the spec being shown if a law is broken."""
    note(repr(spec))
    return compile_text(spec.text, "random.yaml", variant=spec.variant).graph


def facts(graph: Graph) -> list[tuple[object, ...]]:
    """Returns what must be equal in equal graphs, but for the treatments."""
    nodes = [(n.path, n.op, n.inputs, n.outputs, n.head, n.shares) for n in graph.nodes]
    return [*nodes, (graph.inputs, graph.outputs, graph.heads)]


@law
@given(random_specs())
def test_it_means_what_a_second_reading_says(spec: RandomSpec) -> None:
    assert facts(compiled(spec)) == facts(spec.graph)


@pytest.mark.parametrize("name", ["googlenet", "resnet", "lenet5", "iris"])
def test_the_second_reading_reads_real_architectures(name: str) -> None:
    made = compile_text(shipped_specs()[name].read_text(encoding="utf-8"), "shipped.yaml")
    assert facts(Reading(as_plain(made.resolved)).whole()) == facts(made.graph)


def as_plain(text: str) -> dict[str, Any]:
    import yaml

    spec = yaml.safe_load(text)
    assert isinstance(spec, dict)
    return spec


@law
@given(random_specs())
def test_the_resolved_spec_is_the_same_network(spec: RandomSpec) -> None:
    graph = compiled(spec)
    resolved = compile_text(spec.text, "random.yaml", variant=spec.variant).resolved
    note(f"resolved\n{resolved}")
    again = compile_text(resolved, "resolved.yaml")
    assert facts(again.graph) == facts(graph)
    assert [n.treatment for n in again.graph.nodes] == [n.treatment for n in graph.nodes]
    assert again.resolved == resolved


def check_names(graph: Graph) -> None:
    """Checks that a name path is one node's, and no scope too."""
    paths = [node.path for node in graph.nodes]
    assert len(set(paths)) == len(paths)
    scopes = {path[:at] for path in paths for at, char in enumerate(path) if char == "."}
    assert not scopes & set(paths)


@law
@given(random_specs())
def test_every_node_has_a_path_of_its_own(spec: RandomSpec) -> None:
    check_names(compiled(spec))


def all_values(graph: Graph) -> Graph:
    """Returns a graph of the same nodes with every value as an output."""
    nodes = [node._replace(head=None) for node in graph.nodes]
    values = {value.name: value for node in nodes for value in node.outputs}
    return replace(graph, nodes=nodes, heads={}, outputs=values or graph.outputs)


def bindings(spec: RandomSpec, graph: Graph) -> Iterator[tuple[dict[str, int], Graph]]:
    """Yields sizes that the network takes, with the graph for inputs of just these sizes."""
    names = sorted({n for v in graph.inputs.values() for s in v.type.example
                    if not isinstance(s, int) for n in s.names()})  # fmt: skip
    found = 0
    for size in SIZES:
        for step in STEPS:
            sizes = {name: size + step * i for i, name in enumerate(names)} | {"batch": 2}
            shapes = {f"inputs.{n}": str(list(bound(v.type.example, sizes)))
                      for n, v in graph.inputs.items()}  # fmt: skip
            try:
                made = compile_text(
                    spec.text, "random.yaml", variant=spec.variant, settings=shapes
                ).graph
            except SpecError:
                continue
            yield sizes, made
            found += 1
            if found == 2 or not names:
                return


@law
@given(random_specs())
def test_every_shape_is_torch_s_for_every_size(spec: RandomSpec) -> None:
    graph = compiled(spec)
    everything = all_values(graph)
    count = 0
    for sizes, concrete in bindings(spec, graph):
        count += 1
        made = on_meta(everything, sizes)
        for name, value in everything.outputs.items():
            assert made[name] == bound(value.type.shape, sizes), name
        assert made == on_meta(all_values(concrete), sizes)
        assert made == {
            n: bound(v.type.shape, sizes) for n, v in all_values(concrete).outputs.items()
        }
    event(f"{count} sizes")


def on_meta(graph: Graph, sizes: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of the outputs as torch makes them."""
    with torch.device("meta"):
        network = build(graph).eval()
        inputs = {
            name: torch.empty(bound(v.type.shape, sizes), dtype=getattr(torch, v.type.dtype))
            for name, v in graph.inputs.items()
        }
        return {n: tuple(t.shape) for n, t in by_name(graph, network(**inputs)).items()}


@law
@given(random_specs())
def test_weights_are_those_that_torch_has(spec: RandomSpec) -> None:
    graph = compiled(spec)
    with torch.device("meta"):
        network = build(graph)
    declared = {
        f"{node.path}.{name}": param.shape
        for node in graph.nodes
        for name, param in node.parameters().items()
    }
    assert {name: tuple(t.shape) for name, t in network.state_dict().items()} == declared
    weights = {name: p.numel() for name, p in network.named_parameters()}
    learnt = {name for name, p in network.named_parameters() if p.requires_grad}
    total = totals(graph)
    assert total.params == sum(weights.values())
    assert total.trainable == sum(weights[name] for name in learnt)


@law
@given(random_specs())
def test_onnx_runtime_agrees_with_torch(spec: RandomSpec) -> None:
    graph = compiled(spec)
    sizes, _ = next(bindings(spec, graph), (None, None))
    assume(sizes is not None)
    weights = tamed(random_weights(graph))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "random.onnx"
        export(graph, weights, file, metadata={})
        onnx.checker.check_model(onnx.load(file), full_check=True)
        for batch in (1, 3):
            inputs = random_inputs(graph, {**sizes, "batch": batch})
            expected = run_torch(graph, weights, inputs)
            assume(all(np.isfinite(array).all() for array in expected.values()))
            given_ = run_onnx(file, inputs)
            exact = in_double(graph, weights, inputs)
            for name, array in expected.items():
                scale = float(np.abs(array).max(initial=1e-6))
                doubt = float(np.abs(array - exact[name]).max(initial=0.0))
                off = float(np.abs(array - given_[name]).max(initial=0.0))
                assert off <= 1e-4 * scale + 100 * doubt, name


def in_double(graph: Graph, weights: Arrays, inputs: Arrays) -> dict[str, np.ndarray]:
    """Returns the outputs as torch computes them in double precision."""
    network = build(graph).eval()
    network.load_state_dict({name: torch.from_numpy(w) for name, w in weights.items()})
    network.double()
    tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
    tensors = {n: t.double() if t.is_floating_point() else t for n, t in tensors.items()}
    with torch.no_grad():
        made = by_name(graph, network(**tensors))
    return {name: tensor.numpy() for name, tensor in made.items()}


def tamed(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns weights that neither blow up nor let down what goes through them."""
    return {
        name: array / np.sqrt(max(1, array[0].size)).astype(np.float32) if array.ndim > 1 else array
        for name, array in weights.items()
    }


@law
@given(random_specs())
def test_it_can_be_drawn(spec: RandomSpec) -> None:
    graph = compiled(spec)
    for depth in (None, 1):
        assert document(graph, depth).source.startswith("digraph")


JUNK: list[Any] = [
    None, True, -1, 0, 1e99, 10**30, "", "=", "=in", "=x0", "=in.height", "=1/0", "=[1, 2]", [], {},
    [[]], "relu", "conv2d", "concat", "x0", "n1", {"relu": {}}, {"from": "x0"}, "auxiliary",
    {"residual": []}, {"group": ["relu"]}, {"reuse": "n1"}, "split", ["x0", "x0"], "float", "nan",
    {"when": False}, {"layers": ["relu"], "when": "=false"}, "a.b", "*", "he_normal",
]  # fmt: skip


def mutated(spec: Any, chance: random.Random) -> None:  # noqa: ANN401
    """Changes one place of a spec."""
    places = [(holder, key) for holder in holders(spec) for key in keys_of(holder)]
    holder, key = chance.choice(places)
    other, from_ = chance.choice(places)
    match chance.choice(["drop", "junk", "junk", "copy", "swap", "rename", "double"]):
        case "drop":
            del holder[key]
        case "junk":
            holder[key] = chance.choice(JUNK)
        case "copy":
            holder[key] = copied(other[from_])
        case "swap":
            holder[key], other[from_] = copied(other[from_]), copied(holder[key])
        case "rename" if isinstance(holder, dict):
            names = [k for h, k in places if isinstance(h, dict)]
            holder[chance.choice(names)] = holder.pop(key)
        case "double" if isinstance(holder, list):
            holder.insert(key, copied(holder[key]))


def copied(tree: Any) -> Any:  # noqa: ANN401
    if isinstance(tree, dict):
        return {key: copied(value) for key, value in tree.items()}
    return [copied(item) for item in tree] if isinstance(tree, list) else tree


def keys_of(holder: Any) -> list[Any]:  # noqa: ANN401
    return list(holder) if isinstance(holder, dict) else list(range(len(holder)))


def holders(tree: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yields every mapping and list of a tree."""
    if isinstance(tree, (dict, list)):
        yield tree
        for key in keys_of(tree):
            yield from holders(tree[key])


@settings(law, max_examples=200)
@given(random_specs(), st.integers(0, 2**32), st.integers(1, 3))
def test_a_faulty_spec_has_documented_faults(spec: RandomSpec, seed: int, changes: int) -> None:
    broken, chance = copied(spec.spec), random.Random(seed)
    for _ in range(changes):
        mutated(broken, chance)
    text = dump(broken)
    note(text)
    made = analyse_text(text, "broken.yaml")
    event("valid" if made.ok else "faulty")
    for diagnostic in made.diagnostics:
        assert diagnostic.code in CODES
        assert 1 <= diagnostic.span.line <= text.count("\n") + 2
    assert made.ok or render(made.diagnostics, made.sources)
    check_names(made.graph)
    if made.ok:
        again = compile_text(made.resolved, "resolved.yaml")
        assert facts(again.graph) == facts(made.graph)


@pytest.mark.parametrize("name", ops.names())
def test_every_operator_is_reached(name: str) -> None:
    @settings(
        max_examples=1, derandomize=True, database=None, deadline=None, phases=[Phase.generate]
    )
    @given(random_specs(must=name))
    def check(spec: RandomSpec) -> None:
        assert name in str(spec.spec["layers"])
        assert facts(compiled(spec)) == facts(spec.graph)

    check()
