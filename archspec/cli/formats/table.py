"""For people, one spec at a time: layers, totals, and every mistake."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.analysis.summary import footing, heading, library_text, table
from archspec.cli.checked import Checked
from archspec.cli.common import note
from archspec.cli.formats.text import line, show_faults, summary
from archspec.diagnostics.terminal import visible


def write(results: Sequence[Checked], *, several: bool) -> None:
    """Prints each spec's table and totals, and its mistakes."""
    for index, result in enumerate(results):
        if index:
            print()
        _write(result, several=several)
        show_faults(result)
    if several:
        print(f"\n{summary(results)}")


def _write(result: Checked, *, several: bool) -> None:
    compiled = result.compiled
    if compiled.library is not None:
        print(f"{visible(result.path)}: {library_text(compiled.library)}")
        return
    if compiled.ok:
        print(heading(compiled.graph), end="\n\n")
    elif several:
        print(line(result), end="\n\n")
    shown = compiled.sound_nodes()
    if shown and (compiled.ok or compiled.stopped_at is not None):
        print(table(shown), end="\n\n")
    if compiled.ok:
        print(footing(compiled.graph))
    if compiled.expect_skipped:
        note("note: `expect` speaks of the spec as it stands, so it was not compared")
