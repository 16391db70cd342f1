"""Where in a spec a fault of training has its cause."""

from __future__ import annotations

from archspec.diagnostics import Span
from archspec.frontend import Compiled
from archspec.frontend.tree import Table, Tree


def placed(message: str, place: tuple[str, ...] | Span, compiled: Compiled | None) -> str:
    """Returns a message that begins with file, line and column of its cause, if that is known.

    Args:
        message: The message.
        place: The keys from the top of the spec, or where they stand; what the spec does not say
            is told at what is around it.
        compiled: The spec.
    """
    span = place if isinstance(place, Span) else _span(place, compiled) if compiled else None
    return f"{span.file}:{span.line}:{span.column}: {message}" if span else message


def _span(keys: tuple[str, ...], compiled: Compiled) -> Span | None:
    span, value = None, compiled.tree
    inside: Tree | None = value
    for key in keys:
        if not isinstance(inside, Table) or key not in inside.entries:
            break
        span, inside = inside.key_span(key), inside.get(key)
    return span
