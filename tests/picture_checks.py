"""What must hold of the picture of any network, and networks to try it on."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from networks import branching
from pictures import PURE, Picture, cells, text

from archspec.backends.dot.document import document
from archspec.backends.dot.family import family
from archspec.frontend import compile_spec
from archspec.ir.dim import Dim
from archspec.ir.graph import Graph

SPECS = Path(__file__).parent.parent / "specs"
PROGRAMS = [PURE, *filter(None, [shutil.which("dot")])]


def spec(name: str, variant: str | None = None) -> Graph:
    """Returns the network of a shipped spec."""
    return compile_spec(str(SPECS / f"{name}.yaml"), variant=variant).graph


NETWORKS: dict[str, Callable[[], Graph]] = {
    "branching": branching,
    "symbolic": lambda: branching(Dim.of("H"), Dim.of("W")),
    "lenet5": lambda: spec("lenet5"),
    "googlenet": lambda: spec("googlenet"),
    "resnet18": lambda: spec("resnet", "resnet18"),
    "resnet152": lambda: spec("resnet", "resnet152"),
}


def drawing(graph: Graph, depth: int | None = None) -> Picture:
    """Returns the picture of a network."""
    return Picture(document(graph, depth).source)


def check_boxes(graph: Graph, picture: Picture) -> None:
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


def check_wires(graph: Graph, picture: Picture) -> None:
    """Every edge of the graph can be seen, inside a box or as a wire with the right shape."""
    box_of = {path: name for name, paths in picture.operators().items() for path in paths}
    nodes = {node.path: node for node in graph.nodes}
    wires = {}
    for wire in picture.wires():
        (tooltip,) = wire.says
        wires[tooltip.partition(": ")[0]] = wire
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
        several = [nodes[r] for r in readers if len(nodes[r].op.input_names) > 1]
        names = {name for node in several for name in node.op.input_names}
        sayable = {str(value.type), *names, *(f"{name} {value.type}" for name in names)}
        assert wire.labels <= sayable
        if wire.source in picture.operators():
            assert value.name == picture.operators()[wire.source][-1]
            into = nodes[picture.operators()[wire.source][0]]
            merges = len(into.inputs) > 1 or any(len(nodes[r].inputs) > 1 for r in readers)
            changes = into.input_types != (value.type,)
            to_terminal = all(end.startswith("output ") for end in ends) and len(ends) == 1
            if (changes or merges) and not to_terminal:
                assert any(label.endswith(str(value.type)) for label in wire.labels)


def check_clusters(graph: Graph, picture: Picture) -> None:
    """Boxes are nested as the paths of their operators are."""
    for name, paths in picture.operators().items():
        around = picture.around(name)
        for outer, inner in itertools.pairwise(around):
            assert inner.startswith(f"{outer}.")
        for path in paths:
            assert all(path.startswith(f"{cluster}.") for cluster in around)
