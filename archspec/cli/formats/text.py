"""For people: the mistakes, and of several specs a line each and their number."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from archspec.analysis.summary import library_text, totals_text
from archspec.cli.checked import Checked, faults
from archspec.cli.common import show
from archspec.diagnostics.counted import counted
from archspec.diagnostics.terminal import visible


def write(results: Sequence[Checked], *, several: bool) -> None:
    """Prints mistakes; of several specs, one line each and a summary."""
    seen: set[object] = set()
    for result in results:
        # The variants of a spec share their mistakes.
        new = [d for d in result.diagnostics if (d.code, d.message, d.span) not in seen]
        seen |= {(d.code, d.message, d.span) for d in new}
        if several:
            if new:
                show(new, result.sources)
                print(file=sys.stderr)
            print(line(result))
        else:
            show_faults(result)
    if several:
        print(f"\n{summary(results)}")


def show_faults(result: Checked) -> None:
    """Prints the mistakes of a spec and their number on stderr."""
    if result.diagnostics:
        show(result.diagnostics, result.sources)
        print(f"\n{result.counts}", file=sys.stderr)


def summary(results: Sequence[Checked]) -> str:
    """Returns how many specs there were, and how they did."""
    unreadable = sum(result.unreadable for result in results)
    faulty = sum(result.errors > 0 for result in results) - unreadable
    doubtful = sum(not result.errors and result.warnings > 0 for result in results)
    groups = {
        "fine": len(results) - unreadable - faulty - doubtful,
        "with warnings": doubtful,
        "with errors": faulty,
        "unreadable": unreadable,
    }
    said = ", ".join(f"{number:,} {how}" for how, number in groups.items() if number)
    errors = sum(result.errors for result in results) - unreadable
    counts = faults(errors, sum(result.warnings for result in results))
    return f"{counted(len(results), 'spec', 'specs')}: {said}" + (f" ({counts})" if counts else "")


def line(result: Checked) -> str:
    """Returns what there is to say of one spec among several."""
    compiled = result.compiled
    said = ["cannot be read" if result.unreadable else result.counts or "fine"]
    if compiled.library is not None:
        said.append(library_text(compiled.library))
    elif not result.errors:
        said.append(totals_text(compiled.graph))
    if compiled.expect_skipped and not result.errors:
        said.append("`expect` not compared")
    return f"{visible(result.title)}: {', '.join(said)}"
