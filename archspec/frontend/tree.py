"""What the loader makes of YAML: plain values that know where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from archspec.diagnostics import Span


class Scalar(NamedTuple):
    """A single value.

    Attributes:
        value: The value by the rules of YAML 1.2 (core schema).
        span: Where it stands, quotes included.
        indent: Characters from the span's start to the value's first; the spans of a
            formula's parts follow from it. `None` if escapes or line breaks make
            positions in the value differ from positions in the file.
    """

    value: bool | int | float | str | None
    span: Span
    indent: int | None = 0

    def part(self, offset: int, length: int) -> Span:
        """Returns the span of a part of the value."""
        if self.indent is None:
            return self.span
        return self.span._replace(column=self.span.column + self.indent + offset, length=length)


class Items(NamedTuple):
    """A YAML sequence."""

    items: tuple[Tree, ...]
    span: Span


class Entry(NamedTuple):
    """One `key: value` of a mapping."""

    key: Scalar
    value: Tree


class Table(NamedTuple):
    """A YAML mapping; its keys are strings and differ.

    Attributes:
        entries: The entries by key.
        span: Where it stands.
        faulty: Whether entries were left out because of faults that have been reported.
    """

    entries: dict[str, Entry]
    span: Span
    faulty: bool = False

    def get(self, key: str) -> Tree | None:
        """Returns the value at `key`, or `None`."""
        entry = self.entries.get(key)
        return entry.value if entry else None

    def key_span(self, key: str) -> Span:
        """Returns where `key` stands."""
        return self.entries[key].key.span


Tree: TypeAlias = Scalar | Items | Table


def integral(value: object) -> object:
    """Returns a whole float as an integer, which float fields take as well."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def plain(tree: Tree) -> object:
    """Returns the tree as lists, dictionaries and scalars; whole floats are integers."""
    if isinstance(tree, Scalar):
        return integral(tree.value)
    if isinstance(tree, Items):
        return [plain(item) for item in tree.items]
    return {key: plain(entry.value) for key, entry in tree.entries.items()}


def changed(tree: Table, keys: Sequence[str], change: Callable[[Tree], Tree]) -> Table:
    """Returns a mapping with another value at the end of a path of keys, if it has one there."""
    first, *rest = keys
    entry = tree.entries.get(first)
    if entry is None or (rest and not isinstance(entry.value, Table)):
        return tree
    inner = entry.value
    value = changed(inner, rest, change) if rest and isinstance(inner, Table) else change(inner)
    return tree._replace(entries={**tree.entries, first: entry._replace(value=value)})


def scalars(tree: Tree) -> Iterator[Scalar]:
    """Yields every scalar of the tree, keys included, in the file's order."""
    pending = [tree]
    while pending:
        part = pending.pop()
        if isinstance(part, Scalar):
            yield part
        elif isinstance(part, Items):
            pending.extend(reversed(part.items))
        else:
            for key, value in reversed(part.entries.values()):
                pending += (value, key)


def size(tree: Tree) -> int:
    """Returns how many values are inside of a tree, lists and mappings counted too."""
    count = 0
    parts = [tree]
    while parts:
        part = parts.pop()
        if not isinstance(part, Scalar):
            count += len(inner := _inner(part))
            parts += inner
    return count


def height(tree: Tree) -> int:
    """Returns how many levels of sequences and mappings are inside of a tree."""
    levels = 0
    parts = [tree]
    while outer := [part for part in parts if not isinstance(part, Scalar)]:
        levels += 1
        parts = [inner for part in outer for inner in _inner(part)]
    return levels


def _inner(part: Items | Table) -> Sequence[Tree]:
    return part.items if isinstance(part, Items) else [e.value for e in part.entries.values()]
