"""Diagrams: what is in them, read back from Graphviz's account of its layout."""

from __future__ import annotations

import itertools
import shutil
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Builder, branching
from pictures import PURE, Picture, cells, curve, fills, hints, outline, text, texts

from archspec.backends.dot.document import document
from archspec.backends.dot.family import Family, family
from archspec.backends.dot.render import render
from archspec.diagnostics import Span
from archspec.frontend import compile_spec, compile_text
from archspec.ir.dim import Dim, Size
from archspec.ir.graph import Graph, Head, Value
from archspec.ir.op import Operator
from archspec.ir.totals import count
from archspec.ir.types import TensorType
from archspec.ops import find, names
from archspec.ops.add import Add
from archspec.ops.concat import Concat
from archspec.ops.dropout import Dropout
from archspec.ops.linear import Linear
from archspec.ops.relu import ReLU

SPECS = Path(__file__).parent.parent / "specs"
PROGRAMS = [PURE, *filter(None, [shutil.which("dot")])]


def _spec(name: str, variant: str | None = None) -> Graph:
    return compile_spec(str(SPECS / f"{name}.yaml"), variant=variant).graph


NETWORKS: dict[str, Callable[[], Graph]] = {
    "branching": branching,
    "symbolic": lambda: branching(Dim.of("H"), Dim.of("W")),
    "lenet5": lambda: _spec("lenet5"),
    "googlenet": lambda: _spec("googlenet"),
    "resnet18": lambda: _spec("resnet", "resnet18"),
    "resnet152": lambda: _spec("resnet", "resnet152"),
}


@pytest.fixture(params=NETWORKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    """Each of the networks."""
    return NETWORKS[request.param]()


def _picture(graph: Graph, depth: int | None = None) -> Picture:
    return Picture(document(graph, depth).source)


def _check_boxes(graph: Graph, picture: Picture) -> None:
    """Every operator stands in one box, after those it follows, with its name and colour."""
    nodes = {node.path: node for node in graph.nodes}
    shown = picture.operators()
    assert Counter(itertools.chain(*shown.values())) == Counter(list(nodes))
    for name, box in picture.boxes().items():
        chain = [nodes[path] for path in shown[name]]
        for above, below in itertools.pairwise(chain):
            assert below.inputs == above.outputs
        label = text(box["label"])
        assert [fill for _, fill in cells(box["label"])] == [family(n).fill for n in chain]
        for node, (words, _) in zip(chain, cells(box["label"]), strict=True):
            own = node.path.rpartition(".")[2]
            assert words.split()[0] in (own, node.op.kind())
            assert own in label
            assert words.endswith(node.op.summary())


def _check_wires(graph: Graph, picture: Picture) -> None:
    """Every edge of the graph can be seen, inside a box or as a wire with the right shape."""
    box_of = {path: name for name, paths in picture.operators().items() for path in paths}
    nodes = {node.path: node for node in graph.nodes}
    wires = {}
    for wire in picture.wires():
        (said,) = wire.says
        wires[said.partition(": ")[0]] = wire
    values = list(graph.inputs.values())
    sources = {value.name: f"input {name}" for name, value in graph.inputs.items()}
    for node in graph.nodes:
        values += node.outputs
        sources |= dict.fromkeys([value.name for value in node.outputs], box_of[node.path])
    for value in values:
        readers = [n.path for n in graph.nodes for i in n.inputs if i == value]
        ends = Counter(box_of[r] for r in readers if box_of[r] != sources[value.name])
        ends.update(f"output {name}" for name, v in graph.outputs.items() if v == value)
        ends.update(f"output {name}" for name, h in graph.heads.items() if h.value == value)
        assert (value.name in wires) == bool(ends)
        if not ends:
            continue
        wire = wires[value.name]
        assert wire.source == sources[value.name]
        assert wire.readers == ends
        assert wire.says == {f"{value.name}: {value.type}"}
        assert wire.labels <= {str(value.type)}
        if wire.source in picture.operators():
            into = nodes[picture.operators()[wire.source][0]]
            merges = len(into.inputs) > 1 or any(len(nodes[r].inputs) > 1 for r in readers)
            changes = into.input_types != (value.type,)
            to_terminal = all(end.startswith("output ") for end in ends) and len(ends) == 1
            if (changes or merges) and not to_terminal:
                assert wire.labels == {str(value.type)}


def _check_clusters(graph: Graph, picture: Picture) -> None:
    """Boxes are nested as the paths of their operators are."""
    for name, paths in picture.operators().items():
        around = picture.around(name)
        for outer, inner in itertools.pairwise(around):
            assert inner.startswith(f"{outer}.")
        for path in paths:
            assert all(path.startswith(f"{cluster}.") for cluster in around)


def test_every_operator_is_in_one_box(graph: Graph) -> None:
    _check_boxes(graph, _picture(graph))


def test_every_edge_is_drawn_with_its_shape(graph: Graph) -> None:
    _check_wires(graph, _picture(graph))


def test_clusters_nest_as_the_paths_do(graph: Graph) -> None:
    _check_clusters(graph, _picture(graph))


def test_a_shape_inside_a_box_is_told_where_it_changes(graph: Graph) -> None:
    nodes = {node.path: node for node in graph.nodes}
    picture = _picture(graph)
    for name, box in picture.boxes().items():
        chain = [nodes[path] for path in picture.operators()[name]]
        changes = [node for node in chain if node.input_types != (node.output.type,)]
        assert hints(box["label"]) == [str(node.output.type) for node in changes[:-1]]


def test_scopes_that_are_hardly_more_than_one_operator_are_no_clusters() -> None:
    picture = _picture(_spec("googlenet"))
    assert {c["tooltip"].count(".") for c in picture.clusters()} == {0, 1}
    assert picture.around("i4b.b3") == ["i4b"]
    label = picture.boxes()["i4b.b1.conv.conv2d"]["label"]
    assert text(label) == "b1.conv conv2d 1×1 relu"


def test_heads_are_marked(graph: Graph) -> None:
    picture = _picture(graph)
    heads = {node.path for node in graph.nodes if node.head}
    boxes = picture.operators()
    dashed = [c for c in picture.clusters() if "dashed" in c["style"]]
    numbers = {n for cluster in dashed for n in cluster["nodes"]}
    marked = {picture.objects[n]["name"] for n in numbers}
    marked |= {name for name, box in picture.boxes().items() if "dashed" in box["label"]}
    assert {path for name in marked & set(boxes) for path in boxes[name]} == heads
    for cluster in dashed:
        assert text(cluster["label"]).endswith("training only")
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
    graph = _spec("resnet", "resnet18")
    heading = text(_picture(graph).root["label"])
    assert heading.startswith("ResNet — resnet18 11,689,512 parameters · 1,814,073,344 multiply-")
    legend = {kind.label for kind in Family if kind.label in heading}
    assert legend == {f.label for f in map(family, graph.nodes)}
    with_heads = text(_picture(_spec("googlenet")).root["label"])
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
    assert "multiply-adds depend on H and W" in text(_picture(graph).root["label"])
    net = Builder("sequence")
    steps = net.input("steps", Dim.of("T"), 4)
    net.graph.outputs = {"y": net.add("fc", Linear(out_features=3), steps)}
    assert "12*T multiply-adds" in text(_picture(net.graph).root["label"])


def test_depth_0_is_the_whole_network_in_one_box() -> None:
    graph = _spec("googlenet")
    (box,) = _picture(graph, 0).boxes().values()
    assert text(box["label"]) == "googlenet 1000 13,378,280 parameters"


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_scopes_deeper_than_the_depth_are_one_box(depth: int, graph: Graph) -> None:
    picture = _picture(graph, depth)
    boxes = picture.boxes()
    for components in {
        tuple(n.path.split(".")[:depth]) for n in graph.nodes if n.path.count(".") >= depth
    }:
        path = ".".join(components)
        inside = [node for node in graph.nodes if node.path.startswith(f"{path}.")]
        label = text(boxes[path]["label"])
        assert path.endswith(label.split()[0])
        number = sum(map(count, inside))
        assert f"{number:,} parameter{'s' * (number != 1)}" in label
        read = {i for node in graph.nodes if node not in inside for i in node.inputs}
        read |= {*graph.outputs.values(), *(head.value for head in graph.heads.values())}
        for value in {value for node in inside for value in node.outputs} & read:
            assert str(value.type) in label
    listed = {path for paths in picture.operators().values() for path in paths}
    assert listed >= {n.path for n in graph.nodes if n.path.count(".") < depth}
    assert all(cluster["tooltip"].count(".") < depth for cluster in picture.clusters())


def test_a_collapsed_head_is_marked() -> None:
    boxes = _picture(branching(), 1).boxes()
    assert text(boxes["early"]["label"]) == "early — training only 5 95 parameters"
    assert "dashed" in boxes["early"]["label"]
    assert "dashed" not in boxes["mix"]["label"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_text_fits_and_does_not_overlap(program: str, graph: Graph) -> None:
    picture = Picture(document(graph).source, program)
    nodes = [o for o in picture.objects.values() if "pos" in o]
    for node in nodes:
        for written in texts(node):
            assert outline(node).holds(written)
            crossed = [fill for fill in fills(node) if fill.meets(written)]
            assert all(fill.holds(written) for fill in crossed)
    on_edges = [written for edge in picture.edges for written in texts(edge)]
    for written, other in itertools.combinations(on_edges, 2):
        assert not written.meets(other)
    for written, node in itertools.product(on_edges, nodes):
        assert not written.meets(outline(node))


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_line_runs_through_a_text_or_a_box(program: str, graph: Graph) -> None:
    picture = Picture(document(graph).source, program)
    curves = [(edge, curve(edge)) for edge in picture.edges]
    written = [area for drawn in [*picture.clusters(), *picture.edges] for area in texts(drawn)]
    for area, (_, points) in itertools.product(written, curves):
        assert not any(map(area.encloses, points))
    boxes = {o["_gvid"]: outline(o) for o in picture.objects.values() if "pos" in o}
    for (number, area), (edge, points) in itertools.product(boxes.items(), curves):
        if number not in (edge["tail"], edge["head"]):
            assert not any(map(area.encloses, points))


@pytest.mark.parametrize(("name", "variant", "folded"), [
    ("googlenet", None, True),
    ("resnet", "resnet18", True),
    ("resnet", "resnet50", True),
    ("resnet", "resnet152", True),
    ("lenet5", None, False),
])  # fmt: skip
def test_tall_networks_are_folded_to_fit_a_slide(
    name: str, variant: str | None, folded: bool
) -> None:
    picture = _picture(_spec(name, variant))
    _, _, width, height = map(float, picture.root["bb"].split(","))
    corners = [o for o in picture.objects.values() if o["name"].startswith("turn ")]
    assert bool(corners) == folded
    assert not folded or 1.2 < width / height < 2.2


def test_a_cluster_goes_on_in_the_next_column() -> None:
    picture = _picture(_spec("resnet", "resnet152"))
    parts = [c for c in picture.clusters() if c["tooltip"] == "stage3"]
    assert len(parts) > 2
    first, *others = sorted(parts, key=lambda c: float(c["bb"].split(",")[0]))
    assert text(first["label"]) == "stage3"
    assert {text(part["label"]) for part in others} == {"stage3 continued"}


def test_columns_stand_in_order_and_begin_at_the_top() -> None:
    picture = _picture(_spec("googlenet"))
    place = {name: outline(box) for name, box in picture.boxes().items()}
    assert place["i3b.concat"].right < place["i4a.concat"].left
    assert place["i4d.concat"].right < place["i5a.concat"].left
    assert place["i4a.concat"].bottom > place["i3b.concat"].bottom


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
        (wire,) = _picture(net.graph, depth).wires()
        assert (wire.source, set(wire.readers)) == ("input x", {"output y"})


def test_one_value_read_twice_is_drawn_twice() -> None:
    net = Builder("double")
    x = net.input("x", 4)
    net.graph.outputs = {"y": net.add("add", Add(), x, x)}
    wires = {wire.source: wire.readers for wire in _picture(net.graph).wires()}
    assert wires["input x"] == {"add": 2}


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
}


@pytest.mark.parametrize("name", names())
def test_every_operator_can_be_drawn_and_has_a_family(name: str) -> None:
    operator = find(name)
    for example in operator.examples:
        graph = Graph(name)
        inputs = [
            graph.add_input(f"x{i}", TensorType.of_example(_sizes(shape)))
            for i, shape in enumerate(example.inputs)
        ]
        made = graph.add(
            f"scope.{name}", operator(**example.fields), inputs, span=Span("test.yaml")
        )
        graph.outputs = {value.name.rpartition(".")[2]: value for value in made}
        _check_boxes(graph, _picture(graph))
        assert family(graph.nodes[0]) == FAMILIES.get(name, family(graph.nodes[0]))


def _sizes(shape: tuple[int | str, ...]) -> tuple[Size, ...]:
    return tuple(Dim.of(size) if isinstance(size, str) else size for size in shape)


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
    picture = _picture(graph)
    _check_boxes(graph, picture)
    _check_wires(graph, picture)
    _check_clusters(graph, picture)


@settings(max_examples=20, deadline=None)
@given(_graphs(), st.integers(0, 3))
def test_any_network_is_drawn_whole_at_any_depth(graph: Graph, depth: int) -> None:
    picture = _picture(graph, depth)
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


def test_families_differ_in_a_greyscale_print() -> None:
    def lightness(fill: str) -> float:
        linear = [(value / 255) ** 2.2 for value in bytes.fromhex(fill[1:])]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return float(116 * luminance ** (1 / 3) - 16)

    greys = sorted(lightness(kind.fill) for kind in Family)
    assert greys[0] > 50  # black text needs a light ground
    assert min(b - a for a, b in itertools.pairwise(greys)) > 4
