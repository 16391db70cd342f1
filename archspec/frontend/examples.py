"""The examples that operators carry, as a spec writes them and as graphs of one layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.diagnostics import Span
from archspec.frontend.arguments import as_text
from archspec.ir.dim import Dim
from archspec.ir.graph import Graph
from archspec.ir.op import Example, Operator
from archspec.ir.types import TensorType

LAYER = "layer"
"""The path of the node of an example, and above those of its parts."""


def input_names(op: type[Operator], example: Example) -> tuple[str, ...]:
    """Returns what the inputs of an example are called: as the operator does, or `a`, `b`."""
    if op.variadic:
        return tuple("abcdefghijklmnopqrstuvwxyz"[: len(example.inputs)])
    return op.input_names


def layer_line(op: type[Operator], example: Example) -> str:
    """Returns an example as a layer of a spec, such as `- linear: 10`."""
    names = input_names(op, example)
    return call_line(op, example.fields, names if op.variadic or len(names) > 1 else ())


def call_line(
    op: type[Operator], fields: Mapping[str, object], inputs: Sequence[object] = ()
) -> str:
    """Returns a call of an operator as a layer of a spec.

    Args:
        op: The operator.
        fields: Its fields.
        inputs: The names of its inputs, where it must say them.
    """
    kind, fields = op.kind(), dict(fields)
    if op.variadic and not fields:
        return f"- {kind}: {as_text(inputs)}"
    if op.variadic:
        fields |= {str(name): name for name in inputs}
    elif inputs:
        fields["from"] = inputs
    if not fields:
        return f"- {kind}"
    alone = next(iter(fields.values())) if [*fields] == [op.primary] else fields
    if not isinstance(alone, Mapping):
        return f"- {kind}: {as_text(alone)}"
    return f"- {kind}: {as_text(fields)}"


def example_graph(op: type[Operator], example: Example) -> Graph:
    """Returns the graph of an example; a composite's parts are nodes below `LAYER`."""
    graph = Graph("example")
    for name, shape in zip(input_names(op, example), example.inputs, strict=True):
        sizes = tuple(Dim.of(size) if isinstance(size, str) else size for size in shape)
        graph.add_input(name, TensorType.of_example(sizes, example.dtype))
    layer = op.model_validate(example.fields)
    values = graph.add(LAYER, layer, [*graph.inputs.values()], span=Span(""))
    graph.outputs = dict(zip(layer.output_names(), values, strict=True))
    return graph
