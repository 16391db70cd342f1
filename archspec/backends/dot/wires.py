"""What is joined in a picture: one wire for each value that goes from a box to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from archspec.backends.dot.picture import Box, Cluster
from archspec.ir.graph import Graph, Node, Value


class Reader(NamedTuple):
    """One end of a wire.

    Attributes:
        target: What reads the value: a box's path, or a terminal.
        label: What is written at this end: the input's name where there are several.
    """

    target: str
    label: str = ""


class Wire(NamedTuple):
    """A value on its way.

    Attributes:
        value: The value.
        source: The box that makes it, or a terminal.
        readers: Who reads it; one entry for each input that it feeds.
        label: What is written on it: its shape, unless that stands beside it anyway.
    """

    value: Value
    source: str
    readers: tuple[Reader, ...]
    label: str


def input_terminal(name: str) -> str:
    """Returns the id of what stands for an input of the network; no path has a blank."""
    return f"input {name}"


def output_terminal(name: str) -> str:
    """Returns the id of what stands for an output of the network or of a head."""
    return f"output {name}"


def wires(graph: Graph, picture: Cluster) -> list[Wire]:
    """Returns the wires of a picture, in the order in which the network makes the values."""
    boxes = {box.path: box for box in picture.boxes()}
    box_of = {node.path: box for box in boxes.values() for node in box.nodes}
    sources = {value.name: input_terminal(name) for name, value in graph.inputs.items()}
    sources |= {v.name: box_of[n.path].path for n in graph.nodes for v in n.outputs}
    values = [*graph.inputs.values(), *(v for node in graph.nodes for v in node.outputs)]
    readers: dict[str, list[Reader]] = {value.name: [] for value in values}
    for node in graph.nodes:
        box = box_of[node.path]
        for value, reader in _inputs(node, box):
            outside = sources[value.name] != box.path
            if outside and (box.lines or reader not in readers[value.name]):
                readers[value.name].append(reader)
    for name, value in _leaving(graph):
        readers[value.name].append(Reader(output_terminal(name)))
    read = [value for value in values if readers[value.name]]
    return [_wire(value, sources[value.name], readers[value.name], boxes) for value in read]


def _inputs(node: Node, box: Box) -> Iterable[tuple[Value, Reader]]:
    named = box.lines and not node.op.variadic and len(node.inputs) > 1
    for index, value in enumerate(node.inputs):
        yield value, Reader(box.path, node.op.input_names[index] if named else "")


def _leaving(graph: Graph) -> Iterable[tuple[str, Value]]:
    yield from graph.outputs.items()
    yield from ((name, head.value) for name, head in graph.heads.items())


def _wire(value: Value, source: str, readers: list[Reader], boxes: Mapping[str, Box]) -> Wire:
    targets = [boxes.get(reader.target) for reader in readers]
    label = (
        "" if _is_plain(value, boxes.get(source), targets) else _value_text(value, boxes[source])
    )
    return Wire(value, source, tuple(readers), label)


def _value_text(value: Value, source: Box) -> str:
    """Returns a value's shape, with its name if its operator makes several."""
    several = any(len(n.outputs) > 1 and value in n.outputs for n in source.nodes)
    return f"{value.name.rpartition('.')[2]} {value.type}" if several else str(value.type)


def _is_plain(value: Value, source: Box | None, targets: list[Box | None]) -> bool:
    """Returns whether the reader of the picture knows the shape without being told."""
    if source is None or not source.lines:
        return True  # a terminal or a collapsed scope says it itself
    if len(targets) > 1 or _merges(source):
        return False
    (target,) = targets
    if target is None:
        return True
    return not _merges(target) and source.nodes[0].input_types == (value.type,)


def _merges(box: Box) -> bool:
    return bool(box.lines) and len(box.nodes[0].inputs) > 1
