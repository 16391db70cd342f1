"""What is written in a picture, as Graphviz's HTML-like labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from archspec.backends.dot.compose import says_kind
from archspec.backends.dot.family import Family, family
from archspec.backends.dot.picture import Box, Cluster, Item, Line
from archspec.ir.graph import Graph, Node
from archspec.ir.totals import Totals, count, totals

COLUMNS = 6
"""The columns of a box's table beside the names: 1, 2 or 3 operators share them evenly."""


def title(graph: Graph, shown: Iterable[Box]) -> str:
    """Returns the heading: title or name, variant, totals, and what the colours mean."""
    name = graph.title or graph.name
    heading = f"{name} — {graph.variant}" if graph.variant else name
    families = {family(node) for box in shown if box.lines for node in box.nodes}
    legend = "".join(
        f'<TD BGCOLOR="{kind.fill}" BORDER="1" COLOR="#aaaaaa">{_small(kind.label)}</TD>'
        for kind in Family
        if kind in families
    )
    rows = [
        f'<TR><TD><FONT POINT-SIZE="18"><B>{escape(heading)}</B></FONT></TD></TR>',
        f'<TR><TD><FONT POINT-SIZE="11">{_totals(totals(graph))}</FONT></TD></TR>',
    ]
    if legend:
        keys = f'<TABLE BORDER="0" CELLSPACING="4" CELLPADDING="3"><TR>{legend}</TR></TABLE>'
        rows.append(f"<TR><TD>{keys}</TD></TR>")
    return _html(f'<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(rows)}</TABLE>')


def terminal(name: str, shape: str, note: str = "") -> str:
    """Returns the label of an input or output of the network."""
    lines = [f"<B>{escape(name)}</B>", escape(shape), *([_small(note)] if note else [])]
    return _html("<BR/>".join(lines))


def cluster(cluster: Cluster, *, continued: bool) -> str:
    """Returns the label in the corner of a cluster, or of its part in a further column."""
    note = _training_only(cluster) + _small(" (continued)") * continued
    return _html(f"<B>{escape(cluster.name)}</B>{note}")


def edge(text: str) -> str:
    """Returns the label of an edge, on white so that no line runs through it."""
    return _html(
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2" CELLPADDING="1">'
        f'<TR><TD BGCOLOR="white">{escape(text)}</TD></TR></TABLE>'
    )


def box(box: Box, leaving: Sequence[str]) -> str:
    """Returns the label of a box.

    Args:
        box: The box.
        leaving: The shapes of what leaves it, which a collapsed scope shows.
    """
    rows = _lines(box) if box.lines else _collapsed(box, leaving)
    if box.name:
        rows.insert(0, _wide(f"<B>{escape(box.name)}</B>{_training_only(box)}"))
    dashes = ' STYLE="dashed"' if box.head else ""
    return _html(
        '<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="1" CELLPADDING="3"'
        f' BGCOLOR="white" COLOR="#666666"{dashes}>{"".join(rows)}</TABLE>'
    )


def details(box: Box) -> str:
    """Returns what a box says when pointed at: its operators with their full names."""
    if not box.lines:
        return f"{box.path}: {len(box.nodes)} operators, {_parameters(box.nodes)}"
    return "\n".join(_detail(node) for node in box.nodes)


def _training_only(item: Item) -> str:
    return _small(" — training only") if item.head else ""


def _detail(node: Node) -> str:
    parts = [f"{node.path}: {node.op.kind()}", node.op.summary(), f"→ {node.output.type}"]
    text = " ".join(filter(None, parts))
    return f"{text}, {_parameters([node])}" if node.parameters() else text


def _lines(box: Box) -> list[str]:
    rows = []
    named = any(line.name for line in box.lines)
    final = box.nodes[-1].output.type
    for line in box.lines:
        rows.append(_row(line, named=named))
        made = line.nodes[-1].output.type
        # What the box makes in the end is written on the wire that leaves it.
        if made not in (final, line.nodes[0].input_types[0]):
            rows.append(_indented(f'<TD COLSPAN="{COLUMNS}" CELLPADDING="1">', f"↓ {made}", named))
    return rows


def _row(line: Line, *, named: bool) -> str:
    span = COLUMNS // len(line.nodes)
    name = f'<TD ALIGN="LEFT">{escape(line.name)}</TD>' if named else ""
    cells = "".join(
        f'<TD COLSPAN="{span}" BGCOLOR="{family(node).fill}">{escape(_operator(node))}</TD>'
        for node in line.nodes
    )
    return f"<TR>{name}{cells}</TR>"


def _indented(opening: str, text: str, named: bool) -> str:
    return f"<TR>{'<TD></TD>' * named}{opening}{_small(text)}</TD></TR>"


def _operator(node: Node) -> str:
    name = node.path.rpartition(".")[2]
    shown = name if says_kind(name, node) else node.op.kind()
    return f"{shown} {node.op.summary()}".rstrip()


def _collapsed(box: Box, leaving: Sequence[str]) -> list[str]:
    shapes = [_wide(escape(shape)) for shape in dict.fromkeys(leaving)]
    return [*shapes, _wide(_small(_parameters(box.nodes)))]


def _wide(content: str) -> str:
    return f'<TR><TD COLSPAN="{COLUMNS + 1}">{content}</TD></TR>'


def _parameters(nodes: Sequence[Node]) -> str:
    number = sum(count(node) for node in nodes)
    return f"{number:,} parameter{'s' * (number != 1)}"


def _totals(sums: Totals) -> str:
    parameters = f"{sums.params:,} parameters"
    if sums.auxiliary:
        parameters += f" ({sums.auxiliary:,} of them in training-only heads)"
    cost = f"{sums.macs:,}" if isinstance(sums.macs, int) else f"{sums.macs}"
    return escape(f"{parameters} · {cost} multiply-adds")


def _small(text: str) -> str:
    return f'<FONT POINT-SIZE="9.5">{escape(text)}</FONT>'


def _html(content: str) -> str:
    return f"<{content}>"
