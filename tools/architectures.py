"""Writes the README's tables of the networks that ship with archspec.

    .venv/bin/python tools/architectures.py [--check]

Depth, parameters and multiply-adds are what archspec derives from the specs; years and the
figures of the papers are those of `specs/catalogue.json`. With `--check` nothing is written, and
the exit code is 1 if the tables are out of date; a test does that.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from archspec.cli.list import Row, rows
from archspec.frontend.catalogue import catalogue

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- networks: tools/architectures.py writes this -->\n", "<!-- end of networks -->\n"


def main() -> int:
    """Rewrites the part of the README between the two marks, or sees whether it must be."""
    parser = argparse.ArgumentParser(description="write the README's tables of networks")
    parser.add_argument("--check", action="store_true", help="only see whether they are current")
    readme = README.read_text(encoding="utf-8")
    current = rewritten(readme)
    if parser.parse_args().check:
        return int(current != readme)
    README.write_text(current, encoding="utf-8")
    return 0


def rewritten(readme: str) -> str:
    """Returns the README with the tables as they should be."""
    part = re.compile(f"(?<={re.escape(BEGIN)}).*(?={re.escape(END)})", re.DOTALL)
    known = {*catalogue()}
    tables = _tables([row for row in rows() if row.entry in known])
    return part.sub(lambda _: f"\n{tables}\n", readme)


def _tables(found: Sequence[Row]) -> str:
    papers = sorted((r for r in found if r.entry.year), key=lambda row: row.entry.year or 0)
    published = _table(
        ("architecture", "SPEC", "year", "depth", "parameters", "multiply-adds", "the paper's"),
        "llrrrrl",
        ((row.entry.title, _link(row), str(row.entry.year), str(row.depth), _params(row),
          _macs(row), row.entry.paper or "") for row in papers),
    )  # fmt: skip
    notes = _table(
        ("network of the lecture notes", "SPEC", "parameters", "multiply-adds"),
        "llrr",
        ((row.entry.title, _link(row), _params(row), _macs(row))
         for row in found if not row.entry.year),
    )  # fmt: skip
    return f"{published}\n\n{notes}\n"


def _table(headings: Sequence[str], alignment: str, cells: Iterable[Sequence[str]]) -> str:
    rules = ["---:" if side == "r" else "---" for side in alignment]
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, rules, *cells))


def _link(row: Row) -> str:
    return f"[`{row.entry.name}`](specs/{row.entry.spec}.yaml)"


def _params(row: Row) -> str:
    heads = f" + {row.params_auxiliary:,}" if row.params_auxiliary else ""
    return f"{row.params - row.params_auxiliary:,}{heads}"


def _macs(row: Row) -> str:
    return f"{row.macs:,}" if isinstance(row.macs, int) else str(row.macs)


if __name__ == "__main__":
    sys.exit(main())
