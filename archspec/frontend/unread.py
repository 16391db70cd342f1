"""Parameters that no formula reads, and blocks that no layer calls.

What counts is what is written, not what this variant expands: another one may need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from archspec.diagnostics import Diagnostic, Severity
from archspec.frontend.arguments import is_formula
from archspec.frontend.tree import Entry, Table, Tree, scalars

_WORD = re.compile(r"[^\W\d]\w*")


def unread(tree: Table) -> Iterator[Diagnostic]:
    """Yields a warning for each parameter and block of a file that nothing in it uses.

    Args:
        tree: The file, its variants included; what it takes from other files is not judged.
    """
    blocks, params = _own(tree, "blocks"), _own(tree, "params")
    if not blocks and not params:
        return
    read, written = set[str](), set[str]()
    for part in _parts(tree):
        _collect(part, read, written)
    for name, entry in params.items():
        if name not in read:
            yield _unread(name, "", entry)
    for name, block in blocks.items():
        if name not in read and name not in written:
            help_ = f"call it with `- {name}`, or remove it"
            yield _warning("W102", f"nothing calls the block `{name}`", block, help_)
        yield from _unread_of(name, block.value)


def _unread_of(name: str, block: Tree) -> Iterator[Diagnostic]:
    """Yields a warning for each parameter of a block that nothing in it reads."""
    inside = set[str]()
    _collect(block, inside, set())
    for param, entry in (_own(block, "params") if isinstance(block, Table) else {}).items():
        if param not in inside:
            yield _unread(param, f" of {name}", entry)


def _parts(tree: Table) -> Iterator[Tree]:
    """Yields all that can name a parameter or block: the names of the blocks do not."""
    for key, (_, section) in tree.entries.items():
        if key == "blocks" and isinstance(section, Table):
            yield from (block.value for block in section.entries.values())
        else:
            yield section


def _own(tree: Table, section: str) -> Mapping[str, Entry]:
    """Returns the entries of a section that are written in the tree's own file."""
    table = tree.get(section)
    entries = table.entries if isinstance(table, Table) else {}
    return {name: e for name, e in entries.items() if e.key.span.file == tree.span.file}


def _collect(tree: Tree, read: set[str], written: set[str]) -> None:
    """Adds the words of all formulas to `read`, and all other words to `written`."""
    for scalar in scalars(tree):
        if is_formula(scalar):
            read.update(_WORD.findall(str(scalar.value)))
        elif isinstance(scalar.value, str):
            written.add(scalar.value)


def _unread(name: str, of: str, entry: Entry) -> Diagnostic:
    help_ = f"use it in a formula, `={name}`, or remove it"
    return _warning("W101", f"nothing reads the parameter `{name}`{of}", entry, help_)


def _warning(code: str, message: str, entry: Entry, help_: str) -> Diagnostic:
    return Diagnostic(code, message, entry.key.span, help_, severity=Severity.WARNING)
