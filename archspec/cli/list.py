"""`archspec list`: the specs that ship with the package."""

from __future__ import annotations

import argparse

from archspec.cli.common import OK
from archspec.frontend import compile_spec
from archspec.frontend.shipped import shipped_specs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 - every command has this signature
    """Prints each spec's name, variants and title."""
    rows = []
    for name, path in shipped_specs().items():
        compiled = compile_spec(str(path))
        rows.append((name, compiled.graph.title or "", ", ".join(compiled.variants)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
    return OK
