"""Where a picture can be cut in two, and which cuts make parts of even height."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archspec.backends.dot.picture import Box, Cluster
from archspec.backends.dot.size import Size
from archspec.backends.dot.wires import Wire

MOST_PARTS = 16
MOST_CUTS = 120
"""Of more possible cuts only some are looked at, since looking takes quadratic time."""
THROUGH = 0.2
"""What a cut through a cluster costs, as a share of a part of ideal height."""


class Cut(NamedTuple):
    """A place where a single wire holds the picture together.

    Attributes:
        position: The index of the first box below it.
        height: How far below the top it is.
        depth: How many clusters it goes through.
        wire: The wire.
    """

    position: int
    height: float
    depth: int
    wire: Wire


def find_cuts(picture: Cluster, wires: Sequence[Wire], size: Size) -> list[Cut]:
    """Returns the cuts that only one wire crosses, downwards, from the top."""
    placed = list(picture.placed())
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
        Cut(place, size.places[wire.source].bottom, _shared(placed, place), wire)
        for place, wire in sorted(crossed_by.items())
        if crossing[place] == 1
    ]


def _shared(placed: Sequence[tuple[Box, tuple[str, ...]]], place: int) -> int:
    above, below = placed[place - 1][1], placed[place][1]
    return sum(a == b for a, b in zip(above, below, strict=False))


def even_parts(cuts: Sequence[Cut], height: float) -> Iterator[tuple[Cut, ...]]:
    """Yields the cuts for 1, 2, 3, … parts, the parts as even as possible.

    Dynamic programming over the number of parts: a part costs the square of its height.
    """
    points = cuts[:: len(cuts) // MOST_CUTS + 1]
    heights = [*(cut.height for cut in points), height]
    best: list[tuple[float, tuple[int, ...]]] = [(h**2, ()) for h in heights]
    yield ()
    for parts in range(2, min(MOST_PARTS, len(heights)) + 1):
        fee = THROUGH * (height / parts) ** 2
        upto = [(cost + fee * cut.depth) for (cost, _), cut in zip(best, points, strict=False)]
        best = [
            min(
                (
                    (upto[above] + (h - heights[above]) ** 2, (*best[above][1], above))
                    for above in range(below)
                ),
                default=(math.inf, ()),
            )
            for below, h in enumerate(heights)
        ]
        yield tuple(points[index] for index in best[-1][1])
