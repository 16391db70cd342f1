"""About how large a picture will be, in points, before Graphviz lays it out.

Only used to fold tall pictures into columns; a guess that is 20 % off does no harm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from archspec.backends.dot.family import keeps_shape
from archspec.backends.dot.picture import Box, Cluster
from archspec.backends.dot.wires import Wire

LINE = 19.0
HINT = 13.0
GAP = 28.0
SPLIT = 18.0
FRAME = 24.0
CHARACTER = 5.5
MARGIN = 25.0


class Size(NamedTuple):
    """An estimate.

    Attributes:
        bottoms: How far below the top each box ends.
        width: The width of the widest row of boxes.
        trunk: The edges, as (source, target), of the longest way through the network.
    """

    bottoms: Mapping[str, float]
    width: float
    trunk: frozenset[tuple[str, str]]

    @property
    def height(self) -> float:
        """The height of the whole."""
        return max(self.bottoms.values(), default=0.0)


def estimate(picture: Cluster, wires: Sequence[Wire]) -> Size:
    """Returns the estimated size of a picture in one column."""
    above: dict[str, list[tuple[str, float]]] = {}
    for wire in wires:
        gap = GAP + SPLIT * (len(wire.readers) > 1)
        for reader in wire.readers:
            above.setdefault(reader.target, []).append((wire.source, gap))
    bottoms: dict[str, float] = {}
    before: dict[str, list[str]] = {}
    levels: dict[str, int] = {}
    widths: Counter[int] = Counter()
    around: dict[str, tuple[str, ...]] = {}
    for box, around[box.path] in picture.placed():
        levels[box.path] = 1
        bottoms[box.path] = _height(box)
        for source, gap in above.get(box.path, ()):
            if source in bottoms:
                frames = FRAME * len({*around[source]} ^ {*around[box.path]})
                bottom = bottoms[source] + gap + frames + _height(box)
                if bottom > bottoms[box.path]:
                    bottoms[box.path] = bottom
                    before[box.path] = []
                if bottom == bottoms[box.path]:
                    before[box.path].append(source)
                levels[box.path] = max(levels[box.path], levels[source] + 1)
        widths[levels[box.path]] += _width(box)
    return Size(bottoms, max(widths.values(), default=0), _trunk(before, bottoms))


def _trunk(
    before: Mapping[str, Sequence[str]], bottoms: Mapping[str, float]
) -> frozenset[tuple[str, str]]:
    edges = []
    target = max(bottoms, key=bottoms.__getitem__, default="")
    while target in before:
        deepest = before[target]
        source = deepest[(len(deepest) - 1) // 2]  # of equals the middle one: it looks even
        edges.append((source, target))
        target = source
    return frozenset(edges)


def _height(box: Box) -> float:
    hints = sum(not keeps_shape(line.nodes[0]) for line in box.lines[:-1])
    return LINE * (max(1, len(box.lines)) + bool(box.name)) + HINT * hints


def _width(box: Box) -> int:
    texts = [" ".join([line.name, *(n.op.kind() for n in line.nodes)]) for line in box.lines]
    return round(MARGIN + CHARACTER * max(map(len, [box.name, *texts])))
