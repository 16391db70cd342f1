"""Reads a picture back from Graphviz's own account of it, for the tests of `draw`."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from archspec.backends.dot.style import FONT

PURE = str(Path(sysconfig.get_path("scripts")) / "graphviz-pure")


class Picture:
    """A picture as Graphviz laid it out.

    Attributes:
        objects: The clusters and nodes, by their number.
        edges: The edges that can be seen.
    """

    def __init__(self, source: str, program: str = PURE) -> None:
        if program == PURE:
            source = source.replace(FONT, "Helvetica")
        run = subprocess.run([program, "-Tjson"], input=source.encode(), capture_output=True)
        assert run.returncode == 0, run.stderr.decode()
        self.root: dict[str, Any] = json.loads(run.stdout)
        self.objects = {o["_gvid"]: o for o in self.root["objects"]}
        edges = self.root.get("edges", [])
        self.edges = [edge for edge in edges if edge.get("style") != "invis"]

    def boxes(self) -> dict[str, dict[str, Any]]:
        """Returns the nodes that show operators, by their id."""
        return {
            o["name"]: o
            for o in self.objects.values()
            if o.get("label", "").startswith("<TABLE") and "pos" in o
        }

    def clusters(self) -> list[dict[str, Any]]:
        """Returns the clusters, by the path that they are for."""
        return [o for o in self.objects.values() if o["name"].startswith("cluster ")]

    def operators(self) -> dict[str, list[str]]:
        """Returns the paths of the operators in each box, in order, by the box's id."""
        return {
            name: [line.partition(":")[0] for line in box["tooltip"].split("\\n")]
            for name, box in self.boxes().items()
        }

    def around(self, box: str) -> list[str]:
        """Returns the paths of the clusters around a box, outermost first."""
        number = next(o["_gvid"] for o in self.objects.values() if o["name"] == box)
        inside = [c for c in self.clusters() if number in c["nodes"]]
        return [c["tooltip"] for c in sorted(inside, key=lambda c: -len(c["nodes"]))]

    def wires(self) -> list[PictureWire]:
        """Returns what is joined: edges that meet in a point are one wire."""
        return _wires(self)


class PictureWire(NamedTuple):
    """A wire as it can be seen.

    Attributes:
        source: The id of the box or terminal that it leaves.
        readers: The ids of those that it arrives at, with multiplicity.
        labels: The texts on it.
        says: What its edges say when pointed at.
    """

    source: str
    readers: Counter[str]
    labels: set[str]
    says: set[str]


def _is_point(name: str) -> bool:
    return name.startswith(("value ", "foot ", "turn ", "rise ", "head "))


def _wires(picture: Picture) -> list[PictureWire]:
    name = {number: o["name"] for number, o in picture.objects.items()}
    group: dict[str, str] = {}

    def find(point: str) -> str:
        while group.setdefault(point, point) != point:
            point = group[point]
        return point

    for edge in picture.edges:
        tail, head = name[edge["tail"]], name[edge["head"]]
        if _is_point(tail) and _is_point(head):
            group[find(tail)] = find(head)
    gathered: dict[object, PictureWire] = {}
    for number, edge in enumerate(picture.edges):
        tail, head = name[edge["tail"]], name[edge["head"]]
        points = [point for point in (tail, head) if _is_point(point)]
        key: object = find(points[0]) if points else number
        wire = gathered.setdefault(key, PictureWire("", Counter(), set(), set()))
        if not _is_point(tail):
            assert not wire.source, f"{wire.source} and {tail} feed one wire"
            wire = gathered[key] = wire._replace(source=tail)
        if not _is_point(head):
            wire.readers[head] += 1
        wire.says.add(edge["tooltip"])
        if edge.get("label"):
            wire.labels.add(text(edge["label"]).strip())
    return list(gathered.values())


def text(label: str) -> str:
    """Returns the plain text of an HTML-like label."""
    element = ET.fromstring(f"<label>{label}</label>")
    return re.sub(r"\s+", " ", " ".join(filter(None, map(str.strip, element.itertext()))))


def cells(label: str) -> list[tuple[str, str]]:
    """Returns the texts and fills of the coloured cells of a box."""
    element = ET.fromstring(label)
    coloured = [cell for cell in element.iter("TD") if "BGCOLOR" in cell.attrib]
    return [("".join(cell.itertext()), cell.attrib["BGCOLOR"]) for cell in coloured]


def hints(label: str) -> list[str]:
    """Returns the shapes that a box tells between two of its lines."""
    told = ["".join(cell.itertext()) for cell in ET.fromstring(label).iter("TD")]
    return [words.removeprefix("↓ ") for words in told if words.startswith("↓ ")]


class Rectangle(NamedTuple):
    """Where something is drawn, in points."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def middle(self) -> float:
        """Where its middle is, from the left."""
        return (self.left + self.right) / 2

    def holds(self, other: Rectangle, slack: float = 0.5) -> bool:
        """Returns whether `other` lies inside."""
        return (
            self.left - slack <= other.left
            and self.bottom - slack <= other.bottom
            and other.right <= self.right + slack
            and other.top <= self.top + slack
        )

    def encloses(self, point: tuple[float, float], slack: float = 1.0) -> bool:
        """Returns whether a point lies inside, away from the edges."""
        x, y = point
        return (
            self.left + slack < x < self.right - slack
            and self.bottom + slack < y < self.top - slack
        )

    def meets(self, other: Rectangle, slack: float = 0.5) -> bool:
        """Returns whether the two overlap."""
        return (
            self.left + slack < other.right
            and other.left + slack < self.right
            and self.bottom + slack < other.top
            and other.bottom + slack < self.top
        )


def outline(node: dict[str, Any]) -> Rectangle:
    """Returns the rectangle of a node."""
    x, y = map(float, node["pos"].split(","))
    width, height = 36 * float(node["width"]), 36 * float(node["height"])
    return Rectangle(x - width, y - height, x + width, y + height)


def fills(drawn: dict[str, Any]) -> list[Rectangle]:
    """Returns the filled rectangles of a node's label."""
    shapes = [op["points"] for op in drawn.get("_ldraw_", []) if op["op"] == "P"]
    return [_bounds(points) for points in shapes]


def texts(drawn: dict[str, Any]) -> list[Rectangle]:
    """Returns where each text of something is, as wide as the program measured it."""
    size, found = 0.0, []
    for op in drawn.get("_ldraw_", []):
        if op["op"] == "F":
            size = op["size"]
        if op["op"] == "T" and op["text"].strip():
            (x, y), width = op["pt"], op["width"]
            left = x - width * {"l": 0.0, "c": 0.5, "r": 1.0}[op["align"]]
            found.append(Rectangle(left, y, left + width, y + 0.7 * size))
    return found


def _bounds(points: list[list[float]]) -> Rectangle:
    xs, ys = zip(*points, strict=True)
    return Rectangle(min(xs), min(ys), max(xs), max(ys))


def curve(edge: dict[str, Any], steps: int = 40) -> list[tuple[float, float]]:
    """Returns points along an edge, near enough to one another to meet any text."""
    points = []
    for op in edge.get("_draw_", []):
        if op["op"] == "b":
            for first in range(0, len(op["points"]) - 3, 3):
                corners = op["points"][first : first + 4]
                points += [_bezier(corners, step / steps) for step in range(steps + 1)]
    return points


def _bezier(corners: list[list[float]], t: float) -> tuple[float, float]:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x, y = (sum(w * c[axis] for w, c in zip(weights, corners, strict=True)) for axis in (0, 1))
    return x, y
