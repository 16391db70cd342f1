"""About how large the parts of a picture will be, before Graphviz lays it out.

Graphviz puts boxes in rows: each box is one row below the last of those it reads, and a
row is as high as its highest box. Lengths are in points. Only the folding into columns
rests on these guesses, so a few per cent do no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from archspec.backends.dot.family import keeps_shape
from archspec.backends.dot.picture import Box, Cluster
from archspec.backends.dot.remarks import remark
from archspec.backends.dot.wires import Wire

LINE = 19.0
"""The height of a line of a box."""
HINT = 13.0
"""The height of a shape between two lines."""
FRAME = 20.0
"""The height of the edge of a cluster, with its name."""
GAP = 26.0
"""The distance between two rows."""
CHARACTER = 5.5
MARGIN = 25.0
"""The width of a box that is not text."""


class Place(NamedTuple):
    """Where a box stands, and how large it is.

    Attributes:
        row: Its row, from 0; the inputs of the network stand above.
        height: Its height, with the edges of the clusters that begin at it.
        width: Its width.
        bottom: How far below the top it ends.
    """

    row: int
    height: float
    width: float
    bottom: float


class Size(NamedTuple):
    """The estimated size of a picture.

    Attributes:
        places: Where each box stands, by its path.
        trunk: The edges, as (source, target), of the longest way through the network.
    """

    places: Mapping[str, Place]
    trunk: frozenset[tuple[str, str]]

    @property
    def height(self) -> float:
        """The height of the whole, in one column."""
        return max((place.bottom for place in self.places.values()), default=0.0)


def estimate(picture: Cluster, wires: Sequence[Wire]) -> Size:
    """Returns the estimated size of a picture in one column."""
    incoming: dict[str, list[tuple[str, int]]] = {}
    for wire in wires:
        steps = 1 if len(wire.readers) == 1 else 2  # a wire that splits does so in a row
        for reader in wire.readers:
            incoming.setdefault(reader.target, []).append((wire.source, steps))
    places: dict[str, Place] = {}
    deepest: dict[str, list[str]] = {}
    around: dict[str, tuple[str, ...]] = {}
    for box, around[box.path] in picture.placed():
        above = [(s, steps) for s, steps in incoming.get(box.path, ()) if s in places]
        outside = {path for source, _ in above for path in around[source]}
        height = _height(box) + FRAME * len({*around[box.path]} - outside)
        row = max((places[source].row + steps for source, steps in above), default=0)
        tops = {source: places[source].bottom + steps * GAP for source, steps in above}
        top = max(tops.values(), default=0.0)
        deepest[box.path] = [source for source in tops if tops[source] == top]
        places[box.path] = Place(row, height, _width(box), top + height)
    return Size(places, _trunk(places, deepest))


def _trunk(
    places: Mapping[str, Place], deepest: Mapping[str, Sequence[str]]
) -> frozenset[tuple[str, str]]:
    edges = []
    target = max(places, key=lambda path: places[path].bottom, default="")
    while sources := deepest.get(target):
        source = sources[(len(sources) - 1) // 2]  # the middle one of equals: it looks even
        edges.append((source, target))
        target = source
    return frozenset(edges)


def _height(box: Box) -> float:
    hints = sum(not keeps_shape(line.nodes[0]) for line in box.lines[:-1])
    said = bool(box.lines and remark(box.nodes))
    return LINE * (max(1, len(box.lines)) + bool(box.name)) + HINT * (hints + said)


def _width(box: Box) -> float:
    texts = [" ".join([line.name, *(n.op.kind() for n in line.nodes)]) for line in box.lines]
    return MARGIN + CHARACTER * max(map(len, [box.name, *texts]))
