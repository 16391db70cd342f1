"""The laws of the whole compiler, on random specs that use every operator and construct."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
import torch
import yaml
from execution import Arrays, bound, by_name, random_inputs, random_weights, run_onnx, run_torch
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings
from hypothesis import strategies as st
from meta_networks import bindings, check_weights, shapes_in_torch, with_all_values
from mutations import copied, mutate
from random_specs import RandomSpec, dump, random_specs, specs_with
from spec_reading import Reading

from archspec import ops
from archspec.backends.dot.document import document
from archspec.backends.onnx import PASSES_BY_DEFAULT, export
from archspec.backends.torch import build
from archspec.diagnostics.codes import CODES
from archspec.diagnostics.render import render
from archspec.frontend import compile_text
from archspec.frontend.compiler import analyse_text
from archspec.frontend.shipped import shipped_specs
from archspec.ir.graph import Graph
from archspec.ops.embedding import Embedding

TOLERANCE = 1e-4
HUGE = 1e9
"""Values from here on may overflow when they are squared."""

BOUND = 2
"""How often the sizes are bound."""

law = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def compiled(spec: RandomSpec) -> Graph:
    """Returns the graph that the compiler makes; the spec is shown if a law is broken."""
    note(repr(spec))
    return compile_text(spec.text, "random.yaml", variant=spec.variant).graph


def described(graph: Graph) -> list[object]:
    """Returns all that must be equal in equal graphs, but for the treatments."""
    nodes = [(n.path, n.op, n.inputs, n.outputs, n.head, n.shares) for n in graph.nodes]
    return [*nodes, graph.inputs, graph.outputs, graph.heads]


@law
@given(random_specs())
def test_it_means_what_a_second_reading_says(spec: RandomSpec) -> None:
    assert described(compiled(spec)) == described(spec.graph)


OF_ONE_FILE = [
    name
    for name, path in shipped_specs().items()
    if "  - use: " not in path.read_text(encoding="utf-8")
]
"""The shipped specs that need no other; the second reading knows nothing of files."""


@pytest.mark.parametrize("name", OF_ONE_FILE)
def test_the_second_reading_reads_the_shipped_specs(name: str) -> None:
    text = shipped_specs()[name].read_text(encoding="utf-8")
    made = compile_text(text, str(shipped_specs()[name]))
    spec = yaml.safe_load(made.resolved)
    assert described(Reading(spec).whole()) == described(made.graph)


@pytest.mark.parametrize("name", ops.names())
def test_random_specs_reach_every_operator(name: str) -> None:
    @settings(max_examples=1, deadline=None, database=None, phases=[Phase.generate])
    @given(specs_with(name))
    def check(spec: RandomSpec) -> None:
        assert name in spec.spec["layers"][0]
        assert described(compiled(spec)) == described(spec.graph)

    check()


@law
@given(random_specs())
def test_a_resolved_spec_is_the_same_network(spec: RandomSpec) -> None:
    graph = compiled(spec)
    resolved = compile_text(spec.text, "random.yaml", variant=spec.variant).resolved
    note(f"resolved\n{resolved}")
    again = compile_text(resolved, "resolved.yaml")
    assert described(again.graph) == described(graph)
    assert [node.treatment for node in again.graph.nodes] == [n.treatment for n in graph.nodes]
    assert again.resolved == resolved


def check_paths(graph: Graph) -> None:
    """Checks that no name path is used twice, or is both a node and a scope."""
    paths = [node.path for node in graph.nodes]
    assert len(set(paths)) == len(paths)
    scopes = {path[:at] for path in paths for at, char in enumerate(path) if char == "."}
    assert not scopes & {*paths}


@law
@given(random_specs())
def test_every_node_has_a_path_of_its_own(spec: RandomSpec) -> None:
    check_paths(compiled(spec))


@law
@given(random_specs())
def test_every_shape_is_torch_s_for_every_size(spec: RandomSpec) -> None:
    symbolic = with_all_values(compiled(spec))
    for sizes, graph in itertools.islice(bound_sizes(spec, symbolic), BOUND):
        concrete = with_all_values(graph)
        event("bound")
        expected = shapes_in_torch(concrete, sizes)
        assert shapes_in_torch(symbolic, sizes) == expected
        for graph in (concrete, symbolic):
            assert {n: bound(v.type.shape, sizes) for n, v in graph.outputs.items()} == expected


def bound_sizes(spec: RandomSpec, graph: Graph) -> Iterator[tuple[dict[str, int], Graph]]:
    """Yields sizes that the network takes, with its graph for inputs of just these sizes."""

    def compiled_with(settings: Mapping[str, str]) -> Graph | None:
        made = analyse_text(spec.text, "bound.yaml", variant=spec.variant, settings=settings)
        return made.graph if made.ok else None

    return bindings(graph, compiled_with)


@law
@given(random_specs())
def test_weights_are_those_that_torch_has(spec: RandomSpec) -> None:
    check_weights(compiled(spec))


@law
@given(random_specs(), st.sets(st.sampled_from(PASSES_BY_DEFAULT)))
def test_onnx_runtime_agrees_with_torch(spec: RandomSpec, passes: set[str]) -> None:
    graph = compiled(spec)
    sizes, _ = next(bound_sizes(spec, graph), (None, None))
    assume(sizes is not None)
    weights = tamed(random_weights(graph))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "random.onnx"
        export(graph, weights, file, metadata={}, passes=passes)
        onnx.checker.check_model(onnx.load(file), full_check=True)
        for batch in (1, 3):
            inputs = within_tables(graph, random_inputs(graph, {**(sizes or {}), "batch": batch}))
            values = run_torch(with_all_values(graph), weights, inputs) | inputs
            assume(all(largest(array) < HUGE for array in values.values()))
            exact, made = in_double_precision(graph, weights, inputs), run_onnx(file, inputs)
            for name, value in graph.outputs.items():
                expected = values[value.name]
                doubt = largest(expected - exact[name])
                bound_ = TOLERANCE * largest(expected) + 100 * doubt
                assert largest(expected - made[name]) <= bound_


def within_tables(graph: Graph, inputs: Arrays) -> dict[str, np.ndarray]:
    """Returns inputs whose whole numbers are in the table of every embedding."""
    least = min(
        [n.op.num_embeddings for n in graph.nodes if isinstance(n.op, Embedding)], default=1
    )
    return {name: a % least if a.dtype == np.int64 else a for name, a in inputs.items()}


def tamed(weights: Arrays) -> Arrays:
    """Returns weights that keep what goes through them at about its size."""
    return {
        name: array / np.float32(max(1, array[0].size) ** 0.5) if array.ndim > 1 else array
        for name, array in weights.items()
    }


def in_double_precision(graph: Graph, weights: Arrays, inputs: Arrays) -> dict[str, np.ndarray]:
    """Returns the outputs as torch computes them in double precision."""
    network = build(graph).eval()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    network.double()
    tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
    doubles = {n: t.double() if t.is_floating_point() else t for n, t in tensors.items()}
    with torch.no_grad():
        made = by_name(graph, network(**doubles))
    return {name: tensor.numpy() for name, tensor in made.items()}


def largest(array: np.ndarray) -> float:
    """Returns the largest absolute value."""
    return float(np.abs(array).max(initial=0))


@law
@given(random_specs())
def test_every_network_can_be_drawn(spec: RandomSpec) -> None:
    graph = compiled(spec)
    for depth in (None, 1):
        assert document(graph, depth).source.startswith("digraph")


@settings(law, max_examples=200)
@given(random_specs(), st.integers(0, 2**32), st.integers(1, 3))
def test_a_mutated_spec_is_valid_or_has_documented_faults(
    spec: RandomSpec, seed: int, changes: int
) -> None:
    broken, chance = copied(spec.spec), random.Random(seed)
    for _ in range(changes):
        mutate(broken, chance)
    text = dump(broken)
    note(text)
    made = analyse_text(text, "broken.yaml")
    event("valid" if made.ok else "faulty")
    for diagnostic in made.diagnostics:
        assert diagnostic.code in CODES
        assert 1 <= diagnostic.span.line <= text.count("\n") + 2
    assert made.ok or render(made.diagnostics, made.sources)
    check_paths(made.graph)
    if made.ok:
        again = compile_text(made.resolved, "resolved.yaml")
        assert described(again.graph) == described(made.graph)
