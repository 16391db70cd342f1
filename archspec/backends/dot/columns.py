"""How a tall picture is folded: newspaper columns, so that it fits a slide.

The picture is cut where one wire holds it together; the wire is led from the foot of one
column to the head of the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from archspec.backends.dot.cuts import Cut, even_parts, find_cuts
from archspec.backends.dot.picture import Cluster
from archspec.backends.dot.size import GAP, Size
from archspec.backends.dot.wires import Wire

ASPECT = 1.6
"""Width to height of a page or slide."""
TALL = 1000.0
"""Pictures lower than this, in points, are not folded."""
GUTTER = 110.0
"""The width between columns."""
HEADING = 150.0
"""The height of the title and the input's terminal, with the margins."""
WORTHWHILE = 0.75
"""How small a folded picture's slide must be, as a share of the unfolded one's."""
MOST_ROWS_DOWN = 4
MOST_BOXES = 1200
"""More boxes fit no slide, and Graphviz would take minutes over the long wires of columns."""


class Column(NamedTuple):
    """A column after the first.

    Attributes:
        value: The value that leads into it.
        down: How many rows it begins below the top, so that its high rows stand beside
            those of the columns before it.
    """

    value: str
    down: int


class Columns(NamedTuple):
    """A picture in columns.

    Attributes:
        of: The number of the column of each box, from 0.
        further: The columns after the first.
    """

    of: Mapping[str, int]
    further: Sequence[Column]


class _Folding(NamedTuple):
    columns: Columns
    width: float
    height: float

    @property
    def slide(self) -> float:
        """The height of a slide on which all of it can be seen."""
        return max(self.width / ASPECT, self.height)


def fold(picture: Cluster, wires: Sequence[Wire], size: Size) -> Columns:
    """Returns the columns of a picture: those with which it is largest on a slide."""
    if size.height <= TALL or len(size.places) > MOST_BOXES:
        return _folding((), size).columns
    cuts = find_cuts(picture, wires, size)
    foldings = [_folding(chosen, size) for chosen in even_parts(cuts, size.height)]
    best = min(foldings, key=lambda folding: folding.slide)
    return (best if best.slide < WORTHWHILE * foldings[0].slide else foldings[0]).columns


def _folding(chosen: Sequence[Cut], size: Size) -> _Folding:
    starts = {cut.position for cut in chosen}
    numbers = accumulate(int(position in starts) for position in range(len(size.places)))
    of = dict(zip(size.places, numbers, strict=True))
    tops = [-1, *(size.places[cut.wire.source].row for cut in chosen)]
    heights: list[dict[int, float]] = [{} for _ in tops]
    widths: list[Counter[int]] = [Counter() for _ in tops]
    for path, place in size.places.items():
        row = place.row - tops[of[path]]
        column = heights[of[path]]
        column[row] = max(column.get(row, 0.0), place.height)
        widths[of[path]][row] += round(place.width)
    rows, *others = heights
    further = []
    for cut, column in zip(chosen, others, strict=True):
        down = min(range(MOST_ROWS_DOWN), key=lambda down: _total(_beside(rows, column, down)))
        rows = _beside(rows, column, down)
        further.append(Column(cut.wire.value.name, down))
    width = sum(max(column.values(), default=0) + GUTTER for column in widths)
    return _Folding(Columns(of, further), width, HEADING + _total(rows))


def _beside(rows: Mapping[int, float], column: Mapping[int, float], down: int) -> dict[int, float]:
    merged = dict(rows)
    for row, height in column.items():
        merged[row + down] = max(merged.get(row + down, 0.0), height)
    return merged


def _total(rows: Mapping[int, float]) -> float:
    return sum(rows.values()) + GAP * (max(rows, default=0) + 1)
