"""The lines of a file that a diagnostic points at, with marks under the places."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from archspec.diagnostics.model import Span
from archspec.diagnostics.terminal import Paint, cells, visible

WIDEST = 240
"""The longest line that is drawn whole."""

WINDOW = 100
"""How many characters of a longer line are drawn."""

BLUE = "34"


class Mark(NamedTuple):
    """A place to mark.

    Attributes:
        span: Where.
        text: What to say there, or an empty string.
        sign: The character to draw under it.
        tone: The colour to draw it in.
    """

    span: Span
    text: str
    sign: str
    tone: str


def snippet(marks: Sequence[Mark], lines: Sequence[str], paint: Paint) -> list[str]:
    """Returns the lines of a file that have marks, with the marks under them.

    Args:
        marks: Places in the file, in its order; those below its last line are not drawn.
        lines: The file.
        paint: Colours what is drawn.
    """
    drawn = [mark for mark in marks if mark.span.line <= len(lines)]
    if not drawn:
        return []
    width = len(str(drawn[-1].span.line))
    bar = paint("|", BLUE)
    made = [f"{' ' * width} {bar}"]
    previous = drawn[0].span.line
    for number, group in groupby(drawn, key=lambda mark: mark.span.line):
        if number > previous + 1:
            made.append(paint("...", BLUE))
        for row, is_source in _rows(lines[number - 1], [*group], paint):
            start = paint(str(number).rjust(width), BLUE) if is_source else " " * width
            made.append(f"{start} {bar} {row}".rstrip())
        previous = number
    return made


def _rows(line: str, marks: Sequence[Mark], paint: Paint) -> Iterator[tuple[str, bool]]:
    """Yields a line, or the windows of a long one, and rows of marks; with which of them it is."""
    start, stop, margin = 0, -1, 0
    row, end = "", 0
    for mark in marks:
        column = min(mark.span.column - 1, len(line))
        moves = not start <= column <= stop
        if row and (moves or not end or margin + _cells(line, start, column) <= end):
            yield row, False
            row, end = "", 0
        if moves:
            start, stop = _window(line, column)
            margin = int(start > 0)
            yield f"{'…' * margin}{visible(line[start:stop])}{'…' * (stop < len(line))}", True
        offset = margin + _cells(line, start, column)
        signs = mark.sign * max(1, _cells(line, column, min(stop, column + mark.span.length)))
        row += " " * (offset - end) + paint(f"{signs} {visible(mark.text)}".rstrip(), mark.tone)
        # Nothing fits beside a text.
        end = 0 if mark.text else offset + len(signs)
    yield row, False


def _cells(line: str, start: int, stop: int) -> int:
    return cells(visible(line[start:stop]))


def _window(line: str, column: int) -> tuple[int, int]:
    """Returns the part of a line to draw, as its start and stop."""
    if len(line) <= WIDEST:
        return 0, len(line)
    start = max(0, min(column - WINDOW // 3, len(line) - WINDOW))
    return start, start + WINDOW
