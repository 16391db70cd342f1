"""Parameters that no formula reads, and blocks that no layer calls.

What counts is what is written, not what this variant expands: another one may need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from archspec.diagnostics import Diagnostic, Severity
from archspec.frontend.arguments import is_formula
from archspec.frontend.formula import FormulaError, parse
from archspec.frontend.limits import Exhausted
from archspec.frontend.tree import Entry, Table, Tree, scalars

_WORD = re.compile(r"\b[^\W\d]\w*")
_MORE = re.compile(r"[.\"']")
"""What makes a word of a formula an attribute, or a part of a string."""


class _Words(NamedTuple):
    """What a part of a file uses.

    Attributes:
        read: The words of formulas that read all that they name.
        mixed: The formulas with words that are no names.
        written: What may be the name of a block: its strings, and all words of its formulas.
    """

    read: set[str]
    mixed: list[str]
    written: set[str]

    def without_read(self, names: Iterable[str]) -> set[str]:
        """Returns those of some names that no formula reads; few formulas are parsed for it."""
        left = {*names} - self.read
        for formula in self.mixed:
            if left and not left.isdisjoint(_WORD.findall(formula)):
                left -= _names(formula)
        return left


def unread(tree: Table) -> Iterator[Diagnostic]:
    """Yields a warning for each parameter and block of a file that nothing in it uses.

    Args:
        tree: The file, its variants included; what it takes from other files is not judged.
    """
    blocks, params = _own(tree, "blocks"), _own(tree, "params")
    if not blocks and not params:
        return
    around = _words(section for key, (_, section) in tree.entries.items() if key != "blocks")
    inside = {name: _words([block]) for name, block in _blocks(tree)}
    for name in _joined([around, *inside.values()]).without_read(params):
        yield _unread(name, "", params[name])
    called = _called(around, inside)
    for name, block in blocks.items():
        if name not in called:
            help_ = f"call it with `- {name}`, or remove it"
            yield _warning("W102", f"nothing calls the block `{name}`", block, help_)
        own = _own(block.value, "params") if isinstance(block.value, Table) else {}
        for param in inside[name].without_read(own):
            yield _unread(param, f" of {name}", own[param])


def _called(around: _Words, inside: Mapping[str, _Words]) -> set[str]:
    """Returns the blocks that are called from outside of blocks, if by way of others."""
    called = around.written & inside.keys()
    pending = [*called]
    while pending:
        new = (inside[pending.pop()].written & inside.keys()) - called
        called |= new
        pending += new
    return called


def _blocks(tree: Table) -> Iterator[tuple[str, Tree]]:
    blocks = tree.get("blocks")
    if isinstance(blocks, Table):
        yield from ((name, block.value) for name, block in blocks.entries.items())


def _own(tree: Table, section: str) -> Mapping[str, Entry]:
    """Returns the entries of a section that are written in the tree's own file."""
    table = tree.get(section)
    entries = table.entries if isinstance(table, Table) else {}
    return {name: e for name, e in entries.items() if e.key.span.file == tree.span.file}


def _words(parts: Iterable[Tree]) -> _Words:
    """Returns what parts of a file use."""
    made = _Words(set(), [], set())
    for part in parts:
        for scalar in scalars(part):
            if is_formula(scalar):
                formula = str(scalar.value)[1:]
                words = _WORD.findall(formula)
                made.written.update(words)
                if _MORE.search(formula):
                    made.mixed.append(formula)
                else:
                    made.read.update(words)
            elif isinstance(scalar.value, str):
                made.written.add(scalar.value)
    return made


def _joined(parts: Sequence[_Words]) -> _Words:
    reads, mixed, written = zip(*parts, strict=True)
    return _Words(set().union(*reads), [*chain(*mixed)], set().union(*written))


def _names(formula: str) -> set[str]:
    """Returns the names that a formula reads; of a faulty one, which is replaced, its words."""
    try:
        return {use.name for use in parse(formula).names()}
    except (FormulaError, Exhausted):
        return {*_WORD.findall(formula)}


def _unread(name: str, of: str, entry: Entry) -> Diagnostic:
    help_ = f"use it in a formula, `={name}`, or remove it"
    return _warning("W101", f"nothing reads the parameter `{name}`{of}", entry, help_)


def _warning(code: str, message: str, entry: Entry, help_: str) -> Diagnostic:
    return Diagnostic(code, message, entry.key.span, help_, severity=Severity.WARNING)
