"""The page of an operator, all of it from the operator itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic.fields import FieldInfo

from archspec import ops
from archspec.cli.pages.fields import type_text, use_text
from archspec.cli.pages.layout import WIDTH, columns, filled, paragraphs, section
from archspec.cli.pages.lowered import onnx_text, torch_text, value_name
from archspec.frontend.arguments import as_text
from archspec.frontend.examples import LAYER, example_graph, layer_line
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.op import Example, Operator
from archspec.ir.totals import totals

_SECTION = re.compile(r"\n\n(Attributes|Args|Returns|Raises):\n.*", re.DOTALL)


def operator_page(name: str) -> str:
    """Returns the page of an operator."""
    op = ops.find(name)
    parts = [paragraphs(f"{name}: {description(op)}"), *_signature(op)]
    if op.examples:
        parts += _example(op, op.examples[0])
    return "\n\n".join([*parts, *_in_keras(op)])


def description(op: type[Operator]) -> str:
    """Returns what an operator does: its docstring without lists of attributes."""
    return _SECTION.sub("", inspect.cleandoc(op.__doc__ or ""))


def _signature(op: type[Operator]) -> Iterator[str]:
    """Yields the sections about what an operator takes and makes, and its fields."""
    inputs = "two or more paths" if op.variadic else _listed(op.input_names)
    first = op.model_validate(op.examples[0].fields).output_names() if op.examples else ("output",)
    # Most have one, and some let a field name them.
    outputs = "output" if len(first) == 1 else f"outputs as named, such as {_listed(first)}"
    one_type = not op.any_dtype or {example.dtype for example in op.examples} == {"int64"}
    lines = [f"{inputs} → {outputs}" + ("" if one_type else "; of any element type")]
    if op.shape_rule:
        lines.append(filled(op.shape_rule, 4, WIDTH - 2))
    yield section("takes and makes", "\n".join(lines))
    if op.model_fields:
        yield section("fields", "\n".join(_fields(op)))


def _fields(op: type[Operator]) -> Iterator[str]:
    """Yields the fields, the main one first, then the others that are required."""

    def rank(item: tuple[str, FieldInfo]) -> tuple[bool, bool]:
        return item[0] != op.primary, not item[1].is_required()

    for name, field in sorted(op.model_fields.items(), key=rank):
        primary = f"; short form `- {op.kind()}: …`" if name == op.primary else ""
        yield filled(f"{name}: {type_text(field)}; {use_text(field)}{primary}", 8, WIDTH - 2)
        yield filled(f"    {field.description or ''}", 4, WIDTH - 2)


def _example(op: type[Operator], example: Example) -> Iterator[str]:
    """Yields the sections about an example, its parts and what it becomes."""
    graph = example_graph(op, example)
    flow = f"{_shapes(graph.inputs)} → {_shapes(graph.outputs)}; {_costs(graph)}"
    lines = [layer_line(op, example), filled(flow, 4, WIDTH - 2), *_tensors(graph)]
    yield section("example", "\n".join(lines))
    if [node.path for node in graph.nodes] != [LAYER]:
        yield section("parts", columns(dict(map(_part, graph.nodes))))
    yield section("PyTorch", torch_text(graph))
    yield section("ONNX", onnx_text(graph))


def _shapes(values: Mapping[str, Value]) -> str:
    if len(values) == 1:
        return str(next(iter(values.values())).type)
    return ", ".join(f"{name} {value.type}" for name, value in values.items())


def _costs(graph: Graph) -> str:
    """Returns how many weights, statistics and multiply-adds a graph has."""
    sums = totals(graph)
    counts = [f"{sums.params:,} parameters" if sums.params else "no parameters"]
    if sums.statistics:
        counts.append(f"{sums.statistics:,} statistics")
    if sums.macs != 0:
        macs = f"{sums.macs:,}" if isinstance(sums.macs, int) else str(sums.macs)
        counts.append(f"{macs} multiply-adds")
    return ", ".join(counts)


def _part(node: Node) -> tuple[str, str]:
    """Returns a part of a composite: its name, and what it is of what."""
    fields = node.op.model_dump(exclude_defaults=True)
    made = f"{node.op.kind()}: {as_text(fields)}" if fields else node.op.kind()
    return value_name(node.output), f"{made}, of {_listed([*map(value_name, node.inputs)])}"


def _tensors(graph: Graph) -> list[str]:
    """Returns a line with the tensors that an example owns."""
    tensors = [
        f"{name.removeprefix(f'{LAYER}.')} {as_text(param.shape)}"
        for node in graph.nodes
        for name, param in {f"{node.path}.{n}": p for n, p in node.parameters().items()}.items()
    ]
    return [filled(f"tensors: {', '.join(tensors)}", 4, WIDTH - 2)] if tensors else []


def _in_keras(op: type[Operator]) -> Iterator[str]:
    """Yields the section about what Keras calls the operator and its fields."""
    if op.keras_names:
        fields = _listed([f"{field} is {keras}" for keras, field in op.keras_fields.items()])
        there = f", where {fields}" if fields else ""
        yield section("Keras", filled(", ".join(op.keras_names) + there, 4, WIDTH - 2))


def _listed(words: Sequence[str]) -> str:
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last
