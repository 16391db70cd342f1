"""A network as a table for people and as the stable JSON object for machines."""

from collections.abc import Mapping, Sequence
from typing import Any

from archspec.diagnostics import Diagnostic
from archspec.diagnostics.counted import counted
from archspec.ir.dim import Size
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.totals import Totals, params, totals
from archspec.ir.types import Shape, shape_text

HEADINGS = ("layer", "operator", "output", "params", "multiply-adds")


def table(nodes: Sequence[Node]) -> str:
    """Returns the layer table: name, operator, output shape, parameters, multiply-adds."""
    rows = [_row(node) for node in nodes]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    lines = [_line(HEADINGS, widths), "  ".join("─" * width for width in widths)]
    return "\n".join([*lines, *(_line(row, widths) for row in rows)])


def heading(graph: Graph) -> str:
    """Returns the network's name, its inputs and outputs."""
    name = graph.name if graph.variant is None else f"{graph.name} ({graph.variant})"
    return f"{name}: {_values(graph.inputs)} → {_values(graph.outputs)}"


def footing(graph: Graph) -> str:
    """Returns the totals."""
    sums = totals(graph)
    lines = [*_weights(sums), *_costs(sums), f"depth          {sums.depth}"]
    return "\n".join([*lines, *_conditions(graph)])


def totals_text(graph: Graph) -> str:
    """Returns the most important totals on one line."""
    sums = totals(graph)
    macs = f"{sums.macs} multiply-adds"
    if isinstance(sums.macs, int):
        macs = counted(sums.macs, "multiply-add", "multiply-adds")
    return f"{counted(sums.params, 'parameter', 'parameters')}, {macs}"


def library_text(blocks: Sequence[str]) -> str:
    """Returns what there is to say of a file of blocks."""
    return f"a library of {counted(len(blocks), 'block', 'blocks')}"


def as_json(
    graph: Graph,
    diagnostics: Sequence[Diagnostic],
    *,
    ok: bool,
    file: str,
    library: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Returns the JSON object of `archspec check --format json`.

    Args:
        graph: The network; empty for a library.
        diagnostics: What is said about it.
        ok: Whether there are no errors.
        file: The spec's file.
        library: The names of its blocks, if it is a library.
    """
    sums = totals(graph)
    return {
        "name": graph.name,
        "variant": graph.variant,
        "file": file,
        "library": None if library is None else [*library],
        "ok": ok,
        "inputs": {name: _shape(value.type.example) for name, value in graph.inputs.items()},
        "outputs": {name: _shape(value.type.example) for name, value in graph.outputs.items()},
        "params": {
            "total": sums.params,
            "trainable": sums.trainable,
            "frozen": sums.frozen,
            "statistics": sums.statistics,
            "total_with_statistics": sums.params + sums.statistics,
            "auxiliary": sums.auxiliary,
        },
        "macs": size_json(sums.macs),
        "macs_auxiliary": size_json(sums.macs_auxiliary),
        "depth": sums.depth,
        "constraints": [str(equality) for equality in graph.equalities],
        "layers": [_layer(node) for node in graph.nodes],
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in diagnostics],
    }


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, object]:
    """Returns a diagnostic as a JSON object."""
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "length": span.length,
        "help": diagnostic.help,
        "labels": [
            {
                "file": label.span.file,
                "line": label.span.line,
                "column": label.span.column,
                "length": label.span.length,
                "text": label.text,
            }
            for label in diagnostic.labels
        ],
    }


def _row(node: Node) -> tuple[str, ...]:
    weights = params(node)
    macs = node.macs()
    kind = node.op.kind() + _remarks(node)
    shape = shape_text(node.output.type.example)
    return (
        node.path,
        kind,
        shape,
        f"{weights:,}" if weights else "",
        _number(macs) if macs != 0 else "",
    )


def _remarks(node: Node) -> str:
    remarks = ["training only"] if node.head else []
    if node.shares:
        remarks.append(f"weights of {node.shares}")
    elif node.treatment.frozen and params(node):
        remarks.append("frozen")
    return f" ({', '.join(remarks)})" if remarks else ""


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    texts = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=False)]
    numbers = [cell.rjust(width) for cell, width in zip(row[3:], widths[3:], strict=True)]
    return "  ".join([*texts, *numbers]).rstrip()


def _weights(sums: Totals) -> list[str]:
    lines = [f"parameters     {sums.params:,}"]
    if sums.auxiliary:
        inference = sums.params - sums.auxiliary
        lines[0] += f" ({inference:,} without the training-only heads)"
    if sums.frozen:
        lines.append(f"  frozen       {sums.frozen:,}")
    if sums.statistics:
        both = sums.params + sums.statistics
        lines.append(f"statistics     {sums.statistics:,} ({both:,} with the parameters)")
    return lines


def _costs(sums: Totals) -> list[str]:
    line = f"multiply-adds  {_number(sums.macs)}"
    if sums.macs_auxiliary != 0:
        line += f" ({_number(sums.macs + sums.macs_auxiliary)} with the training-only heads)"
    return [line]


def _conditions(graph: Graph) -> list[str]:
    conditions = dict.fromkeys(f"{equality}" for equality in graph.equalities)
    return [f"needs          {condition}" for condition in conditions]


def _layer(node: Node) -> dict[str, object]:
    tensors = {n: list(p.shape) for n, p in node.parameters().items() if p.kind != "counter"}
    return {
        "name": node.path,
        "op": node.op.kind(),
        "input_shapes": [_shape(type_.example) for type_ in node.input_types],
        "output_shapes": [_shape(value.type.example) for value in node.outputs],
        "tensors": tensors,
        "params": params(node),
        "macs": size_json(node.macs()),
        "training_only": node.head is not None,
        "frozen": node.treatment.frozen,
        "shares": node.shares,
        "file": node.span.file,
        "line": node.span.line,
    }


def _values(values: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} {value.type}" for name, value in values.items())


def _shape(shape: Shape) -> list[int | str]:
    return [size_json(size) for size in shape]


def size_json(size: Size) -> int | str:
    """Returns a size or a count as JSON has it: a number, or an expression as a text."""
    return size if isinstance(size, int) else str(size)


def _number(size: Size) -> str:
    return f"{size:,}" if isinstance(size, int) else str(size)
