"""Where a tall picture is folded: newspaper columns, so that it fits a slide.

A picture is cut where one wire holds it together; the wire is led from the foot of one
column to the head of the next.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from archspec.backends.dot.picture import Box, Cluster
from archspec.backends.dot.size import Size
from archspec.backends.dot.wires import Wire

ASPECT = 1.6
"""Width to height of a page or slide."""
TALL = 1000.0
"""Pictures lower than this, in points, are not folded."""
STRETCH = 1.4
"""How much higher columns become side by side: Graphviz aligns the rows of all of them."""
GUTTER = 80.0
"""The width between columns."""
THROUGH = 0.5
"""What a cut through a cluster costs, as a share of a column."""


class Columns(NamedTuple):
    """A picture in columns.

    Attributes:
        of: The number of the column of each box, from 0.
        joints: The value that leads from each column to the next.
    """

    of: dict[str, int]
    joints: tuple[str, ...]


class _Cut(NamedTuple):
    position: int
    height: float
    depth: int
    value: str


def columns(picture: Cluster, wires: Sequence[Wire], size: Size) -> Columns:
    """Returns the columns of a picture; only a tall one gets more than one."""
    placed = list(picture.placed())
    chosen: Sequence[_Cut] = ()
    if size.height > TALL:
        # n columns make it n * width wide and height / n high.
        count = math.sqrt(ASPECT * STRETCH * size.height / (size.width + GUTTER))
        chosen = _choose(_cuts(placed, wires, size), size.height, size.height / count)
    starts = {cut.position for cut in chosen}
    numbers = accumulate(int(position in starts) for position in range(len(placed)))
    of = {box.path: number for (box, _), number in zip(placed, numbers, strict=True)}
    return Columns(of, tuple(cut.value for cut in chosen))


def _cuts(
    placed: Sequence[tuple[Box, tuple[str, ...]]], wires: Sequence[Wire], size: Size
) -> list[_Cut]:
    """Returns the places, in the order of the boxes, that a single wire crosses downwards."""
    position = {box.path: index for index, (box, _) in enumerate(placed)}
    crossing: Counter[int] = Counter()
    crossed_by: dict[int, Wire] = {}
    for wire in wires:
        ends = [position[r.target] for r in wire.readers if r.target in position]
        start = position.get(wire.source, min(ends, default=0))
        crossing.update(range(min([start, *ends]) + 1, max([start, *ends]) + 1))
        if wire.source in position and len(ends) == len(wire.readers):
            crossed_by |= dict.fromkeys(range(start + 1, min(ends) + 1), wire)
    return [
        _Cut(place, size.bottoms[wire.source], _shared(placed, place), wire.value.name)
        for place, wire in sorted(crossed_by.items())
        if crossing[place] == 1
    ]


def _shared(placed: Sequence[tuple[Box, tuple[str, ...]]], place: int) -> int:
    """Returns how many clusters a cut at `place` goes through."""
    above, below = placed[place - 1][1], placed[place][1]
    return sum(a == b for a, b in zip(above, below, strict=False))


def _choose(cuts: Sequence[_Cut], height: float, ideal: float) -> Sequence[_Cut]:
    """Returns the cuts that make columns of about the ideal height.

    A column costs the square of its height plus the square of the ideal, which is cheapest
    per height at the ideal; a cut through a cluster costs extra.
    """
    end = _Cut(0, height, 0, "")
    best: list[tuple[float, tuple[_Cut, ...]]] = [(0.0, ())]
    tops = [0.0]
    for cut in (*cuts, end):
        cost, chosen = min(
            (cost + (cut.height - top) ** 2, chosen)
            for top, (cost, chosen) in zip(tops, best, strict=True)
        )
        best.append((cost + ideal**2 * (1 + THROUGH * cut.depth), (*chosen, cut)))
        tops.append(cut.height)
    return best[-1][1][:-1]
