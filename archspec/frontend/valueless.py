"""Keys without a value inside `{ }`: mostly pieces of a value that a comma cut up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archspec.diagnostics import Diagnostic
from archspec.frontend.tree import Entry, Scalar


class Valueless(NamedTuple):
    """A key without a value.

    Attributes:
        key: The key.
        before: The key of the entry before it, if there is one.
    """

    key: Scalar
    before: str | None


def valueless_faults(
    found: Sequence[Valueless], entries: dict[str, Entry], *, of_params: bool
) -> Iterator[Diagnostic]:
    """Yields the faults; a value that was cut up is one, and is taken out of the entries.

    Args:
        found: The keys without a value, in order.
        entries: The entries of the mapping.
        of_params: Whether it declares parameters.
    """
    cut: dict[str, list[Scalar]] = {}
    for key, before in found:
        pieces = cut.get(before, []) if before else []
        if before and _is_open(entries[before], pieces):
            cut[before] = [*pieces, key]
        else:
            yield _fault(key, _help(str(key.value), of_params=of_params))
    for name, pieces in cut.items():
        text = _joined(entries.pop(name), pieces)
        if text.startswith("="):
            help_ = f'a formula with `,` or brackets needs quotes: `{name}: "{text}"`'
        else:
            help_ = f"a list is written in brackets: `{name}: [{text.strip('()')}]`"
        yield _fault(pieces[0], help_)


def _is_open(entry: Entry, pieces: Sequence[Scalar]) -> bool:
    """Returns whether a formula, or what begins with a parenthesis, goes on behind a comma."""
    if not isinstance(entry.value, Scalar) or not str(entry.value.value).startswith(("=", "(")):
        return False
    text = _joined(entry, pieces)
    return sum(map(text.count, "([")) > sum(map(text.count, ")]"))


def _joined(entry: Entry, pieces: Sequence[Scalar]) -> str:
    parts = (entry.value, *pieces)
    return ", ".join(str(part.value) for part in parts if isinstance(part, Scalar))


def _help(name: str, *, of_params: bool) -> str:
    head, colon, rest = name.partition(":")
    if colon and head and rest:
        return f"put a space after the colon: `{head}: {rest}`"
    if slip := re.match(r"(\w+)\s*[=：]\s*(\S.*)", name):
        return f"a value follows a colon and a space: `{slip[1]}: {slip[2]}`"
    if of_params:
        return f"write `{name}: int` or another type, or a default such as `{name}: 3`"
    return f"write `{name}: value`, or `{name}: null`"


def _fault(key: Scalar, help_: str) -> Diagnostic:
    return Diagnostic("E007", f"`{key.value}` has no value", key.span, help_)
