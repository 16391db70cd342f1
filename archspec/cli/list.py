"""`archspec list`: the specs that ship with the package."""

from __future__ import annotations

import argparse
from textwrap import fill

from archspec.cli.common import OK
from archspec.frontend import compile_spec
from archspec.frontend.shipped import shipped_specs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 - every command has this signature
    """Prints each spec's name, variants and title."""
    shipped = shipped_specs()
    width = max(map(len, shipped)) + 2
    for name, path in shipped.items():
        compiled = compile_spec(str(path))
        print(f"{name:{width}}{compiled.graph.title or ''}".rstrip())
        if compiled.variants:
            indent = " " * width
            print(fill(", ".join(compiled.variants), 100, initial_indent=indent,
                       subsequent_indent=indent))  # fmt: skip
    return OK
