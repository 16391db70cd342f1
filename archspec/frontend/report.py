"""The faults of a spec as they are found, with the calls of the blocks that they are in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from archspec.diagnostics import Diagnostic, Label, Severity, Span
from archspec.diagnostics.clipped import clipped
from archspec.diagnostics.terminal import visible
from archspec.frontend.arguments import as_text
from archspec.frontend.limits import DEFAULTS, Limits, allow

WIDEST = 100
"""The longest list of parameter values that is shown."""

LONGEST = 400
"""The longest message, or help line, that is shown."""


class Call(NamedTuple):
    """A call of a block, or the use of a spec, that is being expanded.

    Attributes:
        name: What is called.
        span: Where.
        values: The values of its parameters.
        turn: Which turn of a `repeat` it is, if it is repeated.
    """

    name: str
    span: Span
    values: Mapping[str, object] = {}
    turn: object = None

    def label(self) -> Label:
        """Returns the call as a place of a diagnostic."""
        index = "" if self.turn is None else f", index {self.turn}"
        values = ", ".join(f"{name}: {_short(value)}" for name, value in self.values.items())
        given = f" ({clipped(values, WIDEST)})" if values else ""
        return Label(self.span, f"in this {clipped(self.name, WIDEST)}{index}{given}")


def _short(value: object) -> str:
    """Returns a value as the spec would write it; of a long one, the beginning."""
    if isinstance(value, (tuple, str)):
        value = value[:WIDEST]
    return clipped(as_text(value), WIDEST)


class TooMany(Exception):  # noqa: N818 - it ends the reading, it is not a bug
    """There are more faults than are reported."""

    def __init__(self, span: Span, most: int) -> None:
        super().__init__()
        message = f"there are more than {most:,} mistakes; the rest is not looked at"
        help_ = f"mend these first, or {allow('errors')}"
        self.diagnostic = Diagnostic("E008", message, span, help_)


class Report(list[Diagnostic]):
    """A list of faults; each one added gets the calls around it as labels.

    Attributes:
        calls: The blocks and specs that are being expanded, the innermost last.
    """

    def __init__(self, limits: Limits = DEFAULTS) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._most = limits.errors
        self._shown = set[tuple[str, str, Span]]()

    def append(self, diagnostic: Diagnostic) -> None:
        """Adds a fault.

        Raises:
            TooMany: There are more than are reported.
        """
        self._shown.add((diagnostic.code, diagnostic.message, diagnostic.span))
        if len(self._shown) > self._most:
            raise TooMany(diagnostic.span, self._most)
        super().append(within(self.calls, diagnostic))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Adds faults."""
        for diagnostic in diagnostics:
            self.append(diagnostic)

    def __iadd__(self, diagnostics: Iterable[Diagnostic]) -> Self:  # type: ignore[override,misc]
        self.extend(diagnostics)
        return self


MOST_CALLS = 4
"""The most calls that are shown for one fault in a block."""


def merged(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Returns the diagnostics in the order of the files, each place's once.

    What goes wrong in several calls of a block is one fault, with the calls that have it; a
    warning is one whatever sizes it speaks of.
    """
    made: dict[tuple[str, str, Span], Diagnostic] = {}
    calls = Counter[tuple[str, str, Span]]()
    for diagnostic in sorted(diagnostics, key=lambda d: d.span[:3]):
        message = diagnostic.message if diagnostic.severity is Severity.ERROR else ""
        key = (diagnostic.code, message, diagnostic.span)
        known = made.setdefault(key, _brief(diagnostic))
        calls[key] += 1
        if calls[key] <= MOST_CALLS:
            new = (label for label in diagnostic.labels if label not in known.labels)
            made[key] = known._replace(labels=(*known.labels, *new))
    return [*made.values()]


def _brief(diagnostic: Diagnostic) -> Diagnostic:
    """Returns a diagnostic of one line that repeats no long texts of the spec in full."""
    message, help_ = (
        visible(clipped(text, LONGEST)) for text in (diagnostic.message, diagnostic.help)
    )
    return diagnostic._replace(message=message, help=help_)


def within(calls: Iterable[Call], diagnostic: Diagnostic) -> Diagnostic:
    """Returns a diagnostic with the calls it is in, the innermost first."""
    used = tuple(call.label() for call in calls)
    return diagnostic._replace(labels=(*diagnostic.labels, *reversed(used)))
