"""`archspec list`: the networks that ship with the package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from archspec.analysis.summary import size_json
from archspec.cli.common import OK, CommandError
from archspec.frontend import compile_spec
from archspec.frontend.catalogue import Entry, catalogue
from archspec.frontend.shipped import shipped_specs, shipped_variants, shortest
from archspec.frontend.suggest import nearest_word
from archspec.ir.totals import totals

HEADINGS = ("name", "parameters", "multiply-adds", "depth", "title")
NUMBERS = 3
"""How many columns after the first hold numbers."""


class Row(NamedTuple):
    """A network and its figures.

    Attributes:
        entry: What is known of it beside its spec.
        file: The spec's file.
        params: Its parameters.
        params_auxiliary: The share of the heads that exist in training only.
        macs: Multiply-adds of one inference on one example.
        macs_auxiliary: Those of the heads.
        depth: How many layers with weights follow one another.
    """

    entry: Entry
    file: str
    params: int
    params_auxiliary: int
    macs: int | str
    macs_auxiliary: int | str
    depth: int

    def cells(self) -> tuple[str, ...]:
        """Returns the row of the table for people."""
        macs = self.macs if isinstance(self.macs, str) else f"{self.macs:,}"
        entry = self.entry
        return (entry.name, f"{self.params:,}", macs, str(self.depth), entry.title)

    def as_json(self) -> dict[str, object]:
        """Returns the row as a JSON object."""
        return {
            "name": self.entry.spec,
            "variant": self.entry.variant,
            "file": self.file,
            "title": self.entry.title,
            "year": self.entry.year,
            "paper": self.entry.paper,
            "reference": [*self.entry.reference],
            "params": self.params,
            "params_auxiliary": self.params_auxiliary,
            "macs": self.macs,
            "macs_auxiliary": self.macs_auxiliary,
            "depth": self.depth,
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "pattern",
        nargs="?",
        default="*",
        metavar="PATTERN",
        help="only the networks whose names fit (resnet, 'vgg*')",
    )
    parser.add_argument(
        "--format", choices=["table", "json"], default="table", help="table by default"
    )


def run(args: argparse.Namespace) -> int:
    """Prints each network's name, size and title."""
    found = [*rows(args.pattern)]
    if not found:
        names = [*shipped_specs(), *shipped_variants()]
        nearest = nearest_word(args.pattern, names)
        help_ = f"did you mean `{nearest}`?" if nearest else "`*` in it stands for anything"
        raise CommandError(f"no shipped network is called `{args.pattern}`", help=help_)
    if args.format == "json":
        import json

        json.dump([row.as_json() for row in found], sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        _print_table([HEADINGS, *(row.cells() for row in found)])
    return OK


def rows(pattern: str = "*") -> Iterator[Row]:
    """Yields the shipped specs as they stand, and after each its variants.

    Args:
        pattern: What their names fit, or the name of a spec for all its variants.
    """
    known = {(entry.spec, entry.variant): entry for entry in catalogue()}
    for name, path in shipped_specs().items():
        variants = [v for v, specs in shipped_variants().items() if name in specs]
        for variant in (None, *variants):
            if name != pattern and not fnmatchcase(variant or name, pattern):
                continue
            graph = compile_spec(str(path), variant=variant).graph
            entry = known.get((name, variant))
            entry = entry or Entry(name, variant, graph.title or name, None, None, ())
            sums = totals(graph)
            yield Row(
                entry,
                shortest(path),
                sums.params,
                sums.auxiliary,
                size_json(sums.macs),
                size_json(sums.macs_auxiliary),
                sums.depth,
            )


def _print_table(table: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [
            cell.rjust(width) if 0 < i <= NUMBERS else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
