"""Diagrams: what is in them, read back from Graphviz's account of its layout."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import ClassVar

import pytest
from networks import Builder, branching
from picture_checks import NETWORKS, check_boxes, check_clusters, check_wires, drawing, spec
from pictures import hints, text

from archspec.backends.dot.document import document
from archspec.backends.dot.family import Family, family
from archspec.backends.dot.render import render
from archspec.diagnostics import Span
from archspec.frontend import compile_text
from archspec.ir.dim import Dim, Size
from archspec.ir.graph import Graph
from archspec.ir.op import Operator
from archspec.ir.totals import params
from archspec.ir.types import TensorType
from archspec.ops import find, names
from archspec.ops.add import Add
from archspec.ops.linear import Linear


@pytest.fixture(params=NETWORKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    """Each of the networks."""
    return NETWORKS[request.param]()


def test_every_operator_is_in_one_box(graph: Graph) -> None:
    check_boxes(graph, drawing(graph))


def test_every_edge_is_drawn_with_its_shape(graph: Graph) -> None:
    check_wires(graph, drawing(graph))


def test_clusters_nest_as_the_paths_do(graph: Graph) -> None:
    check_clusters(graph, drawing(graph))


def test_a_shape_inside_a_box_is_told_where_it_changes(graph: Graph) -> None:
    nodes = {node.path: node for node in graph.nodes}
    picture = drawing(graph)
    for name, box in picture.boxes().items():
        chain = [nodes[path] for path in picture.operators()[name]]
        changes = [node for node in chain if node.input_types != (node.output.type,)]
        assert hints(box["label"]) == [str(node.output.type) for node in changes[:-1]]


def test_scopes_that_are_hardly_more_than_one_operator_are_no_clusters() -> None:
    picture = drawing(spec("googlenet"))
    assert {c["tooltip"].count(".") for c in picture.clusters()} == {0, 1}
    assert picture.around("i4b.b3") == ["i4b"]
    label = picture.boxes()["i4b.b1.conv.conv2d"]["label"]
    assert text(label) == "b1.conv conv2d 1×1 relu"


def test_heads_are_marked(graph: Graph) -> None:
    picture = drawing(graph)
    heads = {node.path for node in graph.nodes if node.head}
    boxes = picture.operators()
    dashed = [c for c in picture.clusters() if "dashed" in c["style"]]
    numbers = {n for cluster in dashed for n in cluster["nodes"]}
    marked = {picture.objects[n]["name"] for n in numbers}
    marked |= {name for name, box in picture.boxes().items() if "dashed" in box["label"]}
    assert {path for name in marked & set(boxes) for path in boxes[name]} == heads
    for cluster in dashed:
        assert text(cluster["label"]).endswith("training only")
        inside = [picture.objects[number]["name"] for number in cluster["nodes"]]
        assert not any(
            "dashed" in picture.boxes()[name]["label"] for name in inside if name in boxes
        )
        assert not any(c["nodes"][0] in cluster["nodes"] for c in dashed if c is not cluster)
    terminals = {o["name"]: o for o in picture.objects.values() if o["name"].startswith("output ")}
    assert terminals.keys() == {f"output {name}" for name in [*graph.outputs, *graph.heads]}
    for name, head in graph.heads.items():
        terminal = terminals[f"output {name}"]
        assert terminal["style"] == "rounded,dashed"
        assert text(terminal["label"]) == f"{name} {head.value.type} loss × {head.weight:g}"
    for name, value in graph.outputs.items():
        assert terminals[f"output {name}"]["style"] == "rounded,bold"
        assert text(terminals[f"output {name}"]["label"]) == f"{name} {value.type}"


def test_the_heading_names_and_sums() -> None:
    graph = spec("resnet", "resnet18")
    heading = text(drawing(graph).root["label"])
    assert heading.startswith("ResNet — resnet18 11,689,512 parameters · 1,814,073,344 multiply-")
    legend = {kind.label for kind in Family if kind.label in heading}
    assert legend == {f.label for f in map(family, graph.nodes)}
    with_heads = text(drawing(spec("googlenet")).root["label"])
    assert "13,378,280 parameters (6,379,728 of them in training-only heads)" in with_heads


LONG_COST = """\
name: long
inputs: {image: [3, H, W]}
layers:
  - conv2d: {out_channels: 4, kernel_size: 3, stride: 2}
  - conv2d: {out_channels: 4, kernel_size: 5}
"""


def test_a_cost_that_depends_on_the_input_is_said_so() -> None:
    graph = compile_text(LONG_COST, "long.yaml").graph
    assert "multiply-adds depend on H and W" in text(drawing(graph).root["label"])
    net = Builder("sequence")
    steps = net.input("steps", Dim.of("T"), 4)
    net.graph.outputs = {"y": net.add("fc", Linear(out_features=3), steps)}
    assert "12*T multiply-adds" in text(drawing(net.graph).root["label"])


def test_depth_0_is_the_whole_network_in_one_box() -> None:
    graph = spec("googlenet")
    (box,) = drawing(graph, 0).boxes().values()
    assert text(box["label"]) == "googlenet 1000 13,378,280 parameters"


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_scopes_deeper_than_the_depth_are_one_box(depth: int, graph: Graph) -> None:
    picture = drawing(graph, depth)
    boxes = picture.boxes()
    for components in {
        tuple(n.path.split(".")[:depth]) for n in graph.nodes if n.path.count(".") >= depth
    }:
        path = ".".join(components)
        inside = [node for node in graph.nodes if node.path.startswith(f"{path}.")]
        label = text(boxes[path]["label"])
        assert path.endswith(label.split()[0])
        number = sum(map(params, inside))
        assert f"{number:,} parameter{'s' * (number != 1)}" in label
        read = {i for node in graph.nodes if node not in inside for i in node.inputs}
        read |= {*graph.outputs.values(), *(head.value for head in graph.heads.values())}
        for value in {value for node in inside for value in node.outputs} & read:
            assert str(value.type) in label
    listed = {path for paths in picture.operators().values() for path in paths}
    assert listed >= {n.path for n in graph.nodes if n.path.count(".") < depth}
    assert all(cluster["tooltip"].count(".") < depth for cluster in picture.clusters())


def test_a_collapsed_head_is_marked() -> None:
    boxes = drawing(branching(), 1).boxes()
    assert text(boxes["early"]["label"]) == "early — training only 5 95 parameters"
    assert "dashed" in boxes["early"]["label"]
    assert "dashed" not in boxes["mix"]["label"]


def test_titles_are_written_as_they_are() -> None:
    net = Builder("special")
    net.graph.title = '합성곱 "신경망" <b> &amp; \\N \\G'
    x = net.input("x", 4)
    net.graph.outputs = {"y": net.add("fc", Linear(out_features=3), x)}
    svg = ET.fromstring(render(document(net.graph).source, "svg").content)
    written = "".join(
        element.text or "" for element in svg.iter("{http://www.w3.org/2000/svg}text")
    )
    assert written.startswith(net.graph.title)


def test_a_network_without_layers_is_drawn() -> None:
    net = Builder("identity")
    net.graph.outputs = {"y": net.input("x", 4)}
    for depth in (None, 0, 1):
        (wire,) = drawing(net.graph, depth).wires()
        assert (wire.source, set(wire.readers)) == ("input x", {"output y"})


def test_one_value_read_twice_is_drawn_twice() -> None:
    net = Builder("double")
    x = net.input("x", 4)
    net.graph.outputs = {"y": net.add("add", Add(), x, x)}
    wires = {wire.source: wire.readers for wire in drawing(net.graph).wires()}
    assert wires["input x"] == {"add": 2}


TREATED = """\
name: treated
inputs: {image: [3, 16, 16]}
layers:
  - group:
      name: tower
      freeze: true
      layers: [{conv2d: {out_channels: 3, kernel_size: 3, padding: same}}, flatten, {linear: 768},
               {reshape: {shape: [3, 16, 16]}}]
  - reuse: {name: twin, layer: tower}
  - conv2d: {name: held, out_channels: 3, kernel_size: 1, freeze: true}
  - batch_norm
  - reuse: {name: again, layer: held}
  - group_norm: {num_groups: 1, freeze: true}
"""


def test_shared_and_frozen_weights_are_marked_once() -> None:
    boxes = drawing(compile_text(TREATED, "treated.yaml").graph).boxes()
    assert {name: text(box["label"]) for name, box in boxes.items()} == {
        "tower": "tower conv2d 3×3 flatten ↓ 768 linear 768 reshape 3×16×16 frozen",
        "twin": "twin conv2d 3×3 flatten ↓ 768 linear 768 reshape 3×16×16 weights of tower",
        "held": "held conv2d 1×1 frozen batch_norm",
        "again": "again conv2d 1×1 weights of held group_norm frozen",
    }


def test_weights_of_a_scope_that_is_not_looked_into_are_said_to_be_shared() -> None:
    graph = spec("siamese")
    boxes = drawing(graph, 1).boxes()
    assert text(boxes["twin"]["label"]) == "twin 4096 weights of tower"
    assert boxes["twin"]["tooltip"] == "twin: 14 operators, weights of tower"
    (cluster,) = [c for c in drawing(graph).clusters() if c["tooltip"] == "twin"]
    assert text(cluster["label"]) == "twin weights of tower"
    assert not [b for b in drawing(graph).boxes().values() if "weights of" in b["label"]]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"dilation": 6}, "3×3, dilation 6"),
        ({"dilation": (2, 1), "stride": 2}, "3×3 /2, dilation 2×1"),
        ({"groups": 32}, "3×3, 32 groups"),
        ({"dilation": 2, "groups": 4}, "3×3, dilation 2, 4 groups"),
    ],
)
@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d"])
def test_dilation_and_groups_are_shown(name: str, fields: dict[str, object], said: str) -> None:
    op = find(name).model_validate({"out_channels": 32, "kernel_size": 3, **fields})
    assert op.summary() == said


FAMILIES = {
    "conv2d": Family.CONVOLUTION,
    "linear": Family.LINEAR,
    "max_pool2d": Family.POOLING,
    "global_avg_pool2d": Family.POOLING,
    "batch_norm": Family.NORMALISATION,
    "local_response_norm": Family.NORMALISATION,
    "relu": Family.ACTIVATION,
    "softmax": Family.ACTIVATION,
    "tanh": Family.ACTIVATION,
    "concat": Family.MERGE,
    "add": Family.MERGE,
    "dropout": Family.OTHER,
    "flatten": Family.OTHER,
    "identity": Family.OTHER,
    "permute": Family.OTHER,
    "reshape": Family.OTHER,
    "channel_shuffle": Family.OTHER,
}


@pytest.mark.parametrize("name", names())
def test_every_operator_can_be_drawn_and_has_a_family(name: str) -> None:
    operator = find(name)
    for example in operator.examples:
        graph = Graph(name)
        inputs = [
            graph.add_input(f"x{i}", TensorType.of_example(_sizes(shape), example.dtype))
            for i, shape in enumerate(example.inputs)
        ]
        made = graph.add(
            f"scope.{name}", operator(**example.fields), inputs, span=Span("test.yaml")
        )
        graph.outputs = {value.name.rpartition(".")[2]: value for value in made}
        check_boxes(graph, drawing(graph))
        assert family(graph.nodes[0]) == FAMILIES.get(name, family(graph.nodes[0]))


def _sizes(shape: tuple[int | str, ...]) -> tuple[Size, ...]:
    return tuple(Dim.of(size) if isinstance(size, str) else size for size in shape)


class Recall(Operator):
    """An operator with two inputs and two outputs."""

    input_names: ClassVar[tuple[str, ...]] = ("query", "memory")

    def output_names(self) -> tuple[str, ...]:
        return ("found", "state")

    def outputs(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return inputs


def test_several_inputs_and_outputs_are_told_apart() -> None:
    net = Builder("recall")
    x, y = (net.add(name, Linear(out_features=3), net.input(f"i{name}", 4)) for name in "xy")
    found, state = net.graph.add("recall", Recall(), (x, y), span=Span("test.yaml"))
    sum_ = net.add("add", Add(), found, state)
    net.graph.outputs = {"sum": sum_}
    labels = {wire.source: set[str]() for wire in drawing(net.graph).wires()}
    for wire in drawing(net.graph).wires():
        labels[wire.source] |= wire.labels
    assert labels["x"] == {"query 3"}
    assert labels["y"] == {"memory 3"}
    assert labels["recall"] == {"found 3", "state 3"}
