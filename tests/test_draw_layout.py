"""Diagrams as they are laid out: can they be read?"""

from __future__ import annotations

import itertools

import pytest
from picture_checks import NETWORKS, PROGRAMS, drawing, spec
from pictures import Picture, curve, fills, outline, text, texts

from archspec.backends.dot.document import document
from archspec.backends.dot.family import Family
from archspec.ir.graph import Graph


@pytest.fixture(params=NETWORKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    """Each of the networks."""
    return NETWORKS[request.param]()


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
    picture = drawing(spec(name, variant))
    _, _, width, height = map(float, picture.root["bb"].split(","))
    corners = [o for o in picture.objects.values() if o["name"].startswith("turn ")]
    assert bool(corners) == folded
    assert not folded or 1.2 < width / height < 2.2


def test_a_cluster_goes_on_in_the_next_column() -> None:
    picture = drawing(spec("resnet", "resnet152"))
    parts = [c for c in picture.clusters() if c["tooltip"] == "stage3"]
    assert len(parts) > 2
    first, *others = sorted(parts, key=lambda c: float(c["bb"].split(",")[0]))
    assert text(first["label"]) == "stage3"
    assert {text(part["label"]) for part in others} == {"stage3 continued"}


def test_columns_stand_in_order_and_begin_at_the_top() -> None:
    picture = drawing(spec("googlenet"))
    place = {name: outline(box) for name, box in picture.boxes().items()}
    assert place["i3b.concat"].right < place["i4a.concat"].left
    assert place["i4d.concat"].right < place["i5a.concat"].left
    assert place["i4a.concat"].bottom > place["i3b.concat"].bottom


@pytest.mark.parametrize("depth", [None, 2])
def test_the_longest_way_is_straight_and_in_the_middle(depth: int | None) -> None:
    boxes = drawing(spec("googlenet"), depth).boxes()
    place = {name: outline(box) for name, box in boxes.items()}
    middle = {name: place[name].middle for name in place}
    for module in ("i3a", "i4b", "i5a", "i5b"):
        assert middle[f"{module}.b3"] == pytest.approx(middle[f"{module}.concat"], abs=1)
        branches = [name for name in place if name.startswith(f"{module}.b")]
        assert sorted(branches) == sorted(branches, key=middle.__getitem__)
    assert middle["i5a.concat"] == pytest.approx(middle["i5b.b3"], abs=1)


def test_columns_begin_where_their_blocks_stand_beside_those_of_others() -> None:
    boxes = drawing(spec("resnet", "resnet18")).boxes()
    for block in ("0", "1"):
        adds = [outline(boxes[f"stage{stage}.{block}.add"]) for stage in (1, 2, 3, 4)]
        assert max(add.top for add in adds) - min(add.top for add in adds) < 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_way_to_the_next_column_has_right_angles(program: str) -> None:
    picture = Picture(document(spec("googlenet")).source, program)
    place = {o["name"]: outline(o) for o in picture.objects.values() if "pos" in o}
    for value in ("pool3", "i4d.concat"):
        foot, turn, rise, head = (place[f"{c} {value}"] for c in ("foot", "turn", "rise", "head"))
        assert place[value].middle == pytest.approx(foot.middle, abs=1)
        assert turn.middle == pytest.approx(rise.middle, abs=1)
        assert foot.middle < turn.middle < head.middle
        assert foot.bottom == turn.bottom < rise.bottom == head.bottom


def test_families_differ_in_a_greyscale_print() -> None:
    def lightness(fill: str) -> float:
        linear = [(value / 255) ** 2.2 for value in bytes.fromhex(fill[1:])]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return float(116 * luminance ** (1 / 3) - 16)

    greys = sorted(lightness(kind.fill) for kind in Family)
    assert greys[0] > 50  # black text needs a light ground
    assert min(b - a for a, b in itertools.pairwise(greys)) > 4
