"""About how large a picture will be, in points, before Graphviz lays it out.

Only used to fold tall pictures into columns; a guess that is 20 % off does no harm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from archspec.backends.dot.picture import Box
from archspec.backends.dot.wires import Wire

LINE = 20.0
GAP = 44.0
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


def estimate(boxes: Sequence[Box], wires: Sequence[Wire]) -> Size:
    """Returns the estimated size of boxes that are joined by wires, in one column."""
    sources: dict[str, list[str]] = {}
    for wire in wires:
        for reader in wire.readers:
            sources.setdefault(reader.target, []).append(wire.source)
    bottoms: dict[str, float] = {}
    before: dict[str, str] = {}
    level: dict[str, int] = {}
    widths: Counter[int] = Counter()
    for box in boxes:
        above = [source for source in sources.get(box.path, ()) if source in bottoms]
        top = 0.0
        if above:
            before[box.path] = max(above, key=bottoms.__getitem__)
            top = bottoms[before[box.path]] + GAP
        bottoms[box.path] = top + _height(box)
        level[box.path] = 1 + max((level[source] for source in above), default=0)
        widths[level[box.path]] += round(_width(box))
    trunk = _trunk(before, bottoms)
    return Size(bottoms, max(widths.values(), default=0), trunk)


def _trunk(before: Mapping[str, str], bottoms: Mapping[str, float]) -> frozenset[tuple[str, str]]:
    edges = []
    target = max(bottoms, key=bottoms.__getitem__, default="")
    while target in before:
        edges.append((before[target], target))
        target = before[target]
    return frozenset(edges)


def _height(box: Box) -> float:
    return LINE * (max(2, len(box.lines)) + bool(box.name))


def _width(box: Box) -> float:
    texts = [" ".join([line.name, *(n.op.kind() for n in line.nodes)]) for line in box.lines]
    return MARGIN + CHARACTER * max(map(len, [box.name, *texts]))
