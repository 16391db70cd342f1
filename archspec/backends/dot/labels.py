"""What is written in a picture, as Graphviz's HTML-like labels."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from textwrap import wrap

from archspec.backends.dot.compose import says_kind
from archspec.backends.dot.family import Family, family, keeps_shape
from archspec.backends.dot.picture import Box, Cluster, Line
from archspec.backends.dot.remarks import remark
from archspec.ir.dim import Size
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.totals import Totals, params, totals

COLUMNS = 6
"""The columns of a box's table beside the names: 1, 2 or 3 operators share them evenly."""


NARROW = 13
"""The characters of a line in the corner of a cluster: more would meet the wire that enters it."""

LONG = 60
"""The most characters of a formula in the heading."""


def title(graph: Graph, shown: Iterable[Box]) -> str:
    """Returns the heading: title or name, variant, totals, and what the colours mean."""
    name = graph.title or graph.name
    heading = f"{name} — {graph.variant}" if graph.variant else name
    families = {family(node) for box in shown if box.lines for node in box.nodes}
    families = families if len(families) > 2 else set()
    legend = "".join(
        f'<TD BGCOLOR="{kind.fill}" BORDER="1" COLOR="#aaaaaa">{_small(kind.label)}</TD>'
        for kind in Family
        if kind in families
    )
    rows = [
        f'<TR><TD><FONT POINT-SIZE="18"><B>{_escape(heading)}</B></FONT></TD></TR>',
        f'<TR><TD><FONT POINT-SIZE="11">{_totals(totals(graph))}</FONT></TD></TR>',
    ]
    if legend:
        keys = f'<TABLE BORDER="0" CELLSPACING="4" CELLPADDING="3"><TR>{legend}</TR></TABLE>'
        rows.append(f"<TR><TD>{keys}</TD></TR>")
    return _label(f'<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(rows)}</TABLE>')


def terminal(name: str, shape: str, note: str = "") -> str:
    """Returns the label of an input or output of the network."""
    lines = [f"<B>{_escape(name)}</B>", _escape(shape), *([_small(note)] if note else [])]
    return _label("<BR/>".join(lines))


def cluster(cluster: Cluster, said: str, *, continued: bool) -> str:
    """Returns the label in the corner of a cluster, or of its part in a further column.

    Args:
        cluster: The cluster.
        said: What is remarked on its weights.
        continued: Whether it is a further part.
    """
    notes = ["training only"] * bool(cluster.head) + wrap(said, NARROW, break_long_words=False)
    notes += ["continued"] * continued
    # Each on a line of its own, so that no edge to the first box runs through it.
    lines = [f"<B>{_escape(cluster.name)}</B>", *map(_small, notes)]
    return _label("".join(f'{line}<BR ALIGN="LEFT"/>' for line in lines))


def edge(text: str) -> str:
    """Returns the label of an edge, on white so that no line runs through it."""
    return _label(
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR>'
        f'<TD>&#160;</TD><TD BGCOLOR="white">{_escape(text)}</TD></TR></TABLE>'
    )


def box(box: Box, leaving: Sequence[str], *, remarked: bool) -> str:
    """Returns the label of a box.

    Args:
        box: The box.
        leaving: The shapes of what leaves it, which a collapsed scope shows.
        remarked: Whether a cluster around it says whose its weights are.
    """
    said = "" if remarked else remark(box.nodes)
    rows = _lines(box, remarked=remarked or bool(said)) if box.lines else _collapsed(box, leaving)
    if said and box.lines:
        rows.append(_wide(_small(said)))
    if box.name:
        note = _small(" — training only") if box.head else ""
        rows.insert(0, _wide(f"<B>{_escape(box.name)}</B>{note}"))
    dashes = ' STYLE="dashed"' if box.head else ""
    return _label(
        '<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="1" CELLPADDING="3"'
        f' BGCOLOR="white" COLOR="#666666"{dashes}>{"".join(rows)}</TABLE>'
    )


def value(value: Value) -> str:
    """Returns what a wire says when pointed at: its value's name and shape."""
    return f"{value.name}: {value.type}"


def details(box: Box) -> str:
    """Returns what a box says when pointed at: its operators with their full names."""
    if not box.lines:
        return f"{box.path}: {len(box.nodes)} operators, {_weights(box.nodes)}"
    return "\\n".join(_detail(node) for node in box.nodes)


def _detail(node: Node) -> str:
    parts = [f"{node.path}: {node.op.kind()}", node.op.summary(), f"→ {node.output.type}"]
    text = " ".join(filter(None, parts))
    return f"{text}, {_weights([node])}" if node.tensors() else text


def _lines(box: Box, *, remarked: bool) -> list[str]:
    rows = []
    named = any(line.name for line in box.lines)
    changes = [line for line in box.lines if not keeps_shape(line.nodes[0])]
    for line in box.lines:
        rows.append(_row(line, named=named, remarked=remarked))
        # What the last change makes is written on the wire that leaves the box.
        if line in changes[:-1]:
            rows.append(_hint(f"↓ {line.nodes[-1].output.type}", named=named))
    return rows


def _row(line: Line, *, named: bool, remarked: bool) -> str:
    span = COLUMNS // len(line.nodes)
    name = f'<TD ALIGN="LEFT">{_escape(line.name)}</TD>' if named else ""
    cells = "".join(
        f'<TD COLSPAN="{span}" BGCOLOR="{family(node).fill}">'
        f"{_operator(node, remarked=remarked)}</TD>"
        for node in line.nodes
    )
    return f"<TR>{name}{cells}</TR>"


def _hint(text: str, *, named: bool) -> str:
    beside = "<TD></TD>" * named
    return f'<TR>{beside}<TD COLSPAN="{COLUMNS}" CELLPADDING="1">{_small(text)}</TD></TR>'


def _operator(node: Node, *, remarked: bool) -> str:
    name = node.path.rpartition(".")[2]
    shown = name if says_kind(name, node) else node.op.kind()
    text = _escape(f"{shown} {node.op.summary()}".rstrip())
    said = "" if remarked else remark([node])
    return f"{text}<BR/>{_small(said)}" if said else text


def _collapsed(box: Box, leaving: Sequence[str]) -> list[str]:
    shapes = [_wide(_escape(shape)) for shape in dict.fromkeys(leaving)]
    return [*shapes, _wide(_small(_weights(box.nodes)))]


def _wide(content: str) -> str:
    return f'<TR><TD COLSPAN="{COLUMNS + 1}">{content}</TD></TR>'


def _weights(nodes: Sequence[Node]) -> str:
    said = remark(nodes)
    number = sum(params(node) for node in nodes)
    own = f"{number:,} parameter{'s' * (number != 1)}"
    return ", ".join(filter(None, [own if number or not said else "", said]))


def _totals(sums: Totals) -> str:
    parameters = f"{sums.params:,} parameters"
    if sums.auxiliary:
        parameters += f" ({sums.auxiliary:,} of them in training-only heads)"
    return _escape(f"{parameters} · {_cost(sums.macs)}")


def _cost(macs: Size) -> str:
    if isinstance(macs, int):
        return f"{macs:,} multiply-adds"
    text = f"{macs} multiply-adds"
    names = " and ".join(sorted(macs.names()))
    return text if len(text) <= LONG else f"multiply-adds depend on {names}"


def _escape(text: str) -> str:
    # Graphviz would take \\N for the node's name; alone in an element a backslash is itself.
    return html.escape(text).replace("\\", "<FONT>&#92;</FONT>")


def _small(text: str) -> str:
    return f'<FONT POINT-SIZE="9">{_escape(text)}</FONT>'


def _label(content: str) -> str:
    return f"<{content}>"
