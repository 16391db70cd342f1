"""The laws that every operator obeys, on the examples it carries.

A new operator is found by its file and needs no test of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import onnx
import pytest
import torch
import yaml
from execution import bound, by_name, difference, random_inputs, random_weights, run_onnx, run_torch
from operator_cases import BATCH, CASES, Case
from torch.utils.flop_counter import FlopCounterMode

from archspec import ops
from archspec.backends.onnx import NEWEST_OPSET, OPSET, export
from archspec.backends.torch import Network, build
from archspec.frontend import compile_text
from archspec.ir.dim import substitute
from archspec.ir.graph import Graph, Node
from archspec.ir.op import Operator
from archspec.ir.totals import totals
from archspec.ir.types import TensorType

TOLERANCE = 1e-5
SHAPES: tuple[tuple[int | str, ...], ...] = (
    (),
    (1,),
    (6,),
    ("T",),
    (6, 7),
    ("T", 6),
    (6, 1, 1),
    (6, 9, 8),
    (6, "H", "W"),
    ("C", 9, 8),
    (2, 6, 9, 4),
    (2, 3, 4, 5, 6),
)
"""Shapes that an operator must either accept, as torch does, or refuse with an error."""


each_operator = pytest.mark.parametrize("name", ops.names())
each_example = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@each_operator
def test_it_is_described_and_has_examples(name: str) -> None:
    operator = ops.find(name)
    assert operator.kind() == name
    assert operator.examples
    assert operator.__doc__ not in (None, Operator.__doc__)
    undescribed = [f for f, info in operator.model_fields.items() if not info.description]
    assert not undescribed
    assert operator.shape_rule
    assert set(operator.keras_fields.values()) <= {*operator.model_fields}
    assert operator.primary is None or operator.primary in operator.model_fields


@each_operator
def test_every_number_of_a_field_is_one_that_fits(name: str) -> None:
    for number in _numbers(ops.find(name).model_json_schema()):
        assert {"maximum", "exclusiveMaximum"} & {*number}, number
        assert {"minimum", "exclusiveMinimum"} & {*number}, number


@each_example
def test_fields_survive_being_written_down(case: Case) -> None:
    kind = type(case.op)
    assert kind.model_validate(case.op.model_dump()) == case.op
    assert kind.model_validate_json(case.op.model_dump_json()) == case.op


@each_example
def test_a_spec_says_it_and_says_it_again(case: Case) -> None:
    fields = json.loads(case.op.model_dump_json(exclude_defaults=True))
    if case.op.variadic:
        fields |= {f"path_{index}": f"input_{index}" for index in range(len(case.inputs))}
    inputs: dict[str, object] = {f"input_{i}": list(shape) for i, shape in enumerate(case.inputs)}
    if case.dtype != "float32":
        inputs = {name: {"shape": shape, "dtype": case.dtype} for name, shape in inputs.items()}
    layers = [{case.op.kind(): {"name": "node", **fields}}]
    text = yaml.safe_dump({"name": "example", "inputs": inputs, "layers": layers})
    for _ in range(2):
        compiled = compile_text(text, "example.yaml")
        expected = case.graph().nodes
        assert [node.op for node in compiled.graph.nodes] == [node.op for node in expected]
        assert _types(compiled.graph.nodes) == _types(expected)
        text = compiled.resolved


@each_example
def test_shapes_are_torch_s_for_every_size(case: Case) -> None:
    symbolic = case.graph()
    for sizes in case.bindings():
        concrete = case.graph(sizes)
        expected = _shapes_in_torch(concrete, sizes)
        assert _shapes_in_torch(symbolic, sizes) == expected
        assert _inferred_shapes(concrete, sizes) == expected
        assert _inferred_shapes(symbolic, sizes) == expected


@each_example
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_input_is_refused_or_torch_agrees(case: Case, shape: tuple[int | str, ...]) -> None:
    other = Case(case.op, (shape,) * len(case.inputs), case.dtype)
    symbolic = other.accepted()
    for sizes in other.bindings() if symbolic else ():
        concrete = other.accepted(sizes)
        if symbolic and concrete:
            expected = _shapes_in_torch(concrete, sizes)
            assert _inferred_shapes(concrete, sizes) == expected
            assert _inferred_shapes(symbolic, sizes) == expected


@each_example
def test_parameters_are_torch_s(case: Case) -> None:
    graph = case.graph()
    network = _on_meta(graph)
    made = {
        name: (tuple(p.shape), "weight" if p.requires_grad else "fixed")
        for name, p in network.named_parameters()
    }
    for name, buffer in network.named_buffers():
        kind = "statistic" if buffer.is_floating_point() else "counter"
        made[name] = (tuple(buffer.shape), kind)
    declared = case.declared()
    assert list(declared) == list(network.state_dict())
    assert {name: (param.shape, param.kind) for name, param in declared.items()} == made


@each_example
def test_multiply_adds_are_what_torch_counts(case: Case) -> None:
    symbolic = case.graph()
    for sizes in case.bindings():
        concrete = case.graph(sizes)
        with FlopCounterMode(display=False) as counter:
            _shapes_in_torch(concrete, sizes)
        macs = totals(concrete).macs
        if case.op.counted_by_torch:
            assert counter.get_total_flops() == 2 * BATCH * macs
        assert substitute(totals(symbolic).macs, sizes) == macs
        assert macs == case.op.macs(*(value.type for value in concrete.inputs.values()))


@each_example
@pytest.mark.parametrize("opset", [OPSET, NEWEST_OPSET])
def test_onnx_runtime_agrees_with_torch(case: Case, opset: int, tmp_path: Path) -> None:
    file = tmp_path / "example.onnx"
    graph = case.graph()
    weights = random_weights(graph)
    export(graph, weights, file, metadata={}, opset=opset)
    for sizes in case.bindings():
        for batch in (1, 3):
            inputs = random_inputs(graph, sizes | {"batch": batch})
            expected = run_torch(case.graph(sizes), weights, inputs)
            given = run_onnx(file, inputs)
            assert given.keys() == expected.keys()
            for name, array in expected.items():
                assert difference(array, given[name]) <= TOLERANCE


@each_example
def test_onnx_reads_every_parameter_by_its_name(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "example.onnx"
    graph = case.graph()
    weights = random_weights(graph)
    export(graph, weights, file, metadata={}, passes=())
    proto = onnx.load(file).graph
    read = {name for name, param in case.declared().items() if param.kind != "counter"}
    constants = {init.name for init in proto.initializer if ".constant_" in init.name}
    assert {init.name for init in proto.initializer} - constants == read
    assert all(node.name.startswith("node") or node.op_type == "Identity" for node in proto.node)


def _numbers(schema: object) -> Iterator[Mapping[str, object]]:
    """Yields the parts of a JSON schema that describe a number which need not be an integer."""
    if isinstance(schema, Mapping) and schema.get("type") == "number":
        yield schema
    inner = schema.values() if isinstance(schema, Mapping) else schema
    for part in inner if isinstance(inner, Iterable) and not isinstance(inner, str) else ():
        yield from _numbers(part)


def _types(nodes: Sequence[Node]) -> list[list[TensorType]]:
    return [[value.type for value in node.outputs] for node in nodes]


def _on_meta(graph: Graph) -> Network:
    with torch.device("meta"):
        return build(graph).eval()


def _shapes_in_torch(graph: Graph, sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    network = _on_meta(graph)
    inputs = {
        name: torch.empty(
            bound(value.type.shape, sizes), dtype=getattr(torch, value.type.dtype), device="meta"
        )
        for name, value in graph.inputs.items()
    }
    return {name: tuple(made.shape) for name, made in by_name(graph, network(**inputs)).items()}


def _inferred_shapes(graph: Graph, sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    return {name: bound(value.type.shape, sizes) for name, value in graph.outputs.items()}
