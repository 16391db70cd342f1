"""Diagnostics as text for people: the line, a caret under the place, the remedy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from archspec.diagnostics.model import Diagnostic, Severity, Span, lines_of
from archspec.diagnostics.snippet import BLUE, Mark, snippet
from archspec.diagnostics.terminal import Paint, visible

MOST = 50
"""The most diagnostics that are drawn; nobody reads on."""

TONES = {Severity.ERROR: "1;31", Severity.WARNING: "1;33"}
BOLD = "1"


def render(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, colour: bool = False
) -> str:
    """Returns the diagnostics as text.

    Args:
        diagnostics: What to show, in this order.
        sources: The text of the files that spans point into; without it a place is named
            but not drawn.
        colour: Whether to use terminal colours.
    """
    paint = Paint(colour)

    @cache
    def lines(file: str) -> Sequence[str]:
        text = sources.get(file, "")
        return lines_of(text) if text.strip() else ()

    shown = ["\n".join(_lines(found, lines, paint)) for found in diagnostics[:MOST]]
    if len(diagnostics) > MOST:
        shown.append(f"and {len(diagnostics) - MOST:,} more")
    return "\n\n".join(shown)


def _lines(
    diagnostic: Diagnostic, lines: Callable[[str], Sequence[str]], paint: Paint
) -> Iterator[str]:
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", TONES[diagnostic.severity])
    yield f"{head}: {paint(visible(diagnostic.message), BOLD)}"
    yield f"  {paint('-->', BLUE)} {_place(diagnostic.span)}"
    unseen: list[Mark] = []
    for file, marks in _by_file(diagnostic).items():
        drawn = snippet(marks, lines(file), paint)
        if drawn and file != diagnostic.span.file:
            yield f"  {paint(':::', BLUE)} {_place(marks[0].span)}"
        yield from drawn
        unseen += () if drawn else marks
    for mark in unseen:
        if mark.text:
            text = f"{visible(mark.text)}: {_place(mark.span)}"
            yield f"   {paint('=', BLUE)} {paint('note', BOLD)}: {text}"
    if diagnostic.help:
        yield f"   {paint('=', BLUE)} {paint('help', BOLD)}: {visible(diagnostic.help)}"


def _place(span: Span) -> str:
    return f"{visible(span.file)}:{span.line}:{span.column}"


def _by_file(diagnostic: Diagnostic) -> dict[str, list[Mark]]:
    """Returns the places of a diagnostic by file, its own file first, in the files' order."""
    primary = Mark(diagnostic.span, "", "^", TONES[diagnostic.severity])
    marks = [primary, *(Mark(place, text, "-", BLUE) for place, text in diagnostic.labels)]
    made: dict[str, list[Mark]] = {}
    for mark in dict.fromkeys(marks):
        made.setdefault(mark.span.file, []).append(mark)
    for found in made.values():
        found.sort(key=lambda mark: (mark.span[:3], mark.sign == "-"))
    return made
