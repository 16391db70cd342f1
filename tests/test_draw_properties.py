"""Diagrams of random networks."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Builder
from picture_checks import check_boxes, check_clusters, check_wires, drawing

from archspec.ir.graph import Graph, Head, Value
from archspec.ir.op import Operator
from archspec.ops.add import Add
from archspec.ops.concat import Concat
from archspec.ops.dropout import Dropout
from archspec.ops.linear import Linear
from archspec.ops.relu import ReLU

KINDS: list[type[Operator]] = [ReLU, Dropout, Linear, Add, Concat]
SCOPES = ("", "a.", "a.b.", "a.b.c.", "d.", "d.0.", "d.1.")


@st.composite
def _graphs(draw: st.DrawFn) -> Graph:
    """Networks on vectors, whose scopes come and go as they like."""
    net = Builder("random")
    values = [net.input(name, 4) for name in ("x", "y")[: draw(st.integers(1, 2))]]
    unread = dict.fromkeys(values)
    for index in range(draw(st.integers(1, 20))):
        scope = draw(st.sampled_from(SCOPES))
        kind = draw(st.sampled_from(KINDS))
        recent = st.sampled_from(values[-draw(st.integers(1, 4)) :])
        inputs = [draw(recent) for _ in range(2 if kind in (Add, Concat) else 1)]
        if kind is Add and inputs[0].type != inputs[1].type:
            inputs[1] = inputs[0]
        op = Linear(out_features=4) if kind is Linear else kind()
        head = "h" if scope == "d.1." else None
        values.append(net.add(f"{scope}{kind.kind()}_{index}", op, *inputs, head=head))
        for value in inputs:
            unread.pop(value, None)
        unread[values[-1]] = None
    outputs: list[Value] = list(unread)
    net.graph.outputs = {f"o{i}": value for i, value in enumerate(outputs)}
    net.graph.heads = {"h": Head(outputs[-1], 0.5)}
    return net.graph


@settings(max_examples=40, deadline=None)
@given(_graphs())
def test_any_network_is_drawn_whole(graph: Graph) -> None:
    picture = drawing(graph)
    check_boxes(graph, picture)
    check_wires(graph, picture)
    check_clusters(graph, picture)


@settings(max_examples=20, deadline=None)
@given(_graphs(), st.integers(0, 3))
def test_any_network_is_drawn_whole_at_any_depth(graph: Graph, depth: int) -> None:
    picture = drawing(graph, depth)
    boxes = picture.boxes()
    box_of = {path: name for name, paths in picture.operators().items() for path in paths}
    for node in graph.nodes:
        if node.path.count(".") >= depth:
            box_of[node.path] = ".".join(node.path.split(".")[:depth]) or "random"
    assert {box_of[node.path] for node in graph.nodes} == set(boxes)
    made_by = {value.name: box_of[n.path] for n in graph.nodes for value in n.outputs}
    made_by |= {value.name: f"input {name}" for name, value in graph.inputs.items()}
    expected = {(made_by[i.name], box_of[n.path]) for n in graph.nodes for i in n.inputs}
    expected |= {(made_by[v.name], f"output {name}") for name, v in graph.outputs.items()}
    expected |= {(made_by[h.value.name], f"output {name}") for name, h in graph.heads.items()}
    drawn = {(wire.source, reader) for wire in picture.wires() for reader in wire.readers}
    assert drawn == {(source, reader) for source, reader in expected if source != reader}
