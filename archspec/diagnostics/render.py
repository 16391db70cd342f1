"""Diagnostics as text for people: the line, a caret under the place, the remedy."""

import unicodedata
from collections.abc import Mapping, Sequence

from archspec.diagnostics.model import Diagnostic, Label, Severity, lines_of

MOST = 50
"""The most diagnostics that are drawn; nobody reads on."""

WIDEST = 240
"""The longest line that is drawn whole."""


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
    paint = _Paint(colour)
    shown = [_one(diagnostic, sources, paint) for diagnostic in diagnostics[:MOST]]
    if len(diagnostics) > MOST:
        shown.append(f"and {len(diagnostics) - MOST:,} more")
    return "\n\n".join(shown)


class _Paint:
    """Terminal colours, or none."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _one(diagnostic: Diagnostic, sources: Mapping[str, str], paint: _Paint) -> str:
    error = diagnostic.severity is Severity.ERROR
    tone = "1;31" if error else "1;33"
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", tone)
    lines = [f"{head}: {paint(diagnostic.message, '1')}"]
    span = diagnostic.span
    lines.append(f"  {paint('-->', '34')} {span.file}:{span.line}:{span.column}")
    lines += _snippet(diagnostic, sources, paint, tone)
    for place, text in diagnostic.labels:
        if place.file != span.file:
            where = f"{place.file}:{place.line}:{place.column}"
            lines.append(f"   {paint('=', '34')} {paint('note', '1')}: {text}: {where}")
    if diagnostic.help:
        lines.append(f"   {paint('=', '34')} {paint('help', '1')}: {diagnostic.help}")
    return "\n".join(lines)


def _snippet(
    diagnostic: Diagnostic, sources: Mapping[str, str], paint: _Paint, tone: str
) -> list[str]:
    primary = Label(diagnostic.span, "")
    labels = [label for label in diagnostic.labels if label.span.file == primary.span.file]
    marks = sorted({primary, *labels}, key=lambda label: (label.span[:3], label.text))
    text = sources.get(primary.span.file)
    if text is None or not text.strip():
        return []
    source = lines_of(text)
    numbers = [label.span.line for label in marks if label.span.line <= len(source)]
    if not numbers:
        return []
    width = len(str(max(numbers)))
    bar = paint("|", "34")
    made = [f"{' ' * width} {bar}"]
    previous = numbers[0]
    for number in dict.fromkeys(numbers):
        if number > previous + 1:
            made.append(paint("...", "34"))
        line = source[number - 1].expandtabs(1)
        if len(line) > WIDEST:
            made.append(f"{paint(str(number).rjust(width), '34')} {bar} {line[:WIDEST]}…")
            previous = number
            continue
        made.append(f"{paint(str(number).rjust(width), '34')} {bar} {line}".rstrip())
        for label in (mark for mark in marks if mark.span.line == number):
            mark, code = ("^", tone) if label == primary else ("-", "34")
            made.append(f"{' ' * width} {bar} {_underline(line, label, mark, paint, code)}")
        previous = number
    return made


def _underline(line: str, label: Label, mark: str, paint: _Paint, code: str) -> str:
    start = label.span.column - 1
    before = _cells(line[:start]) + max(0, start - len(line))
    under = line[start : start + label.span.length]
    drawn = mark * max(1, _cells(under))
    return " " * before + paint(f"{drawn} {label.text}".rstrip(), code)


def _cells(text: str) -> int:
    """Returns the terminal columns of a text: Korean and other wide characters take two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
