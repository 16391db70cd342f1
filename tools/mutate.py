"""Breaks valid specs in thousands of ways, and looks at how `archspec check` takes it.

    .venv/bin/python tools/mutate.py [--mutants 20000] [--seed N] [--jobs 2] [--keep FOLDER]
    .venv/bin/python tools/mutate.py --replay FOLDER/NAME.json

A mutant fails if `check` breaks down or takes more than 2 s of processor time or 500 MB, if a
diagnostic is not sound, or if the network of an accepted one is not the one that PyTorch builds.
Where one line was changed, 99 % of the refused must have an error there, on a line that refers to
it, or, if the line itself is allowed, where sizes or totals no longer fit. Failing mutants are
kept, to be replayed; the exit code is 1 if there were any. Memory is measured on Linux only.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import gettempdir

from mutant_worker import Judged, judged
from mutants.judging import OUTCOMES, written
from mutants.keeping import keep, kept
from mutants.making import KINDS, Mutant, make

from archspec.cli.check import FORMATS
from archspec.diagnostics import lines_of

SECONDS = 2.0
MEGABYTES = 500

LOCAL = 0.99
"""The share of changes of one line whose errors must not be elsewhere."""

PROCESSES = 40
"""How many mutants are checked by processes of their own too."""

PROGRESS = 1000
"""After how many mutants a sign of life is printed."""

SHOWN = 40
"""The most failures, and the most misplaced errors, that are printed."""

HEADINGS = ("kind", "mutants", "accepted", "refused", "there", "refers", "follows", "elsewhere",
            "slowest s", "largest MB", "failed")  # fmt: skip


def main(arguments: list[str]) -> int:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mutants", type=int, default=20_000, metavar="N")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31), metavar="N")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="the first one's number")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument(
        "--keep", type=Path, default=Path(gettempdir()) / "mutants", metavar="FOLDER"
    )
    parser.add_argument("--replay", type=Path, metavar="FILE", help="judge one that was kept")
    args = parser.parse_args(arguments)
    report = Report(args.keep)
    if args.replay:
        for one in judged([kept(args.replay)], 1):
            report.add(one)
            print(one.verdict.outcome, one.verdict.where or "", one.verdict.story)
        return report.finish()
    numbers = range(args.start, args.start + args.mutants)
    print(f"seed {args.seed}, mutants {numbers.start:,} to {numbers.stop - 1:,}", flush=True)
    made = (make(args.seed, number) for number in numbers)
    try:
        for count, one in enumerate(judged(made, args.jobs), 1):
            report.add(one)
            if count % PROGRESS == 0:
                print(f"{count:,} judged", flush=True)
    except KeyboardInterrupt:
        print("interrupted: this is what has been judged", flush=True)
        return report.finish()
    for number in random.Random(args.seed).sample(numbers, min(PROCESSES, len(numbers))):
        for format_ in FORMATS:
            report.check_as_process(make(args.seed, number), format_)
    return report.finish()


class Report:
    """What has been found so far.

    Args:
        folder: Where failing mutants are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, Counter[str]] = defaultdict(Counter)
        self._most: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._where: Counter[str] = Counter()
        self._helpless: Counter[str] = Counter()
        self._unbuilt: Counter[str] = Counter()
        self._failed = 0
        self._misplaced: list[str] = []

    def add(self, one: Judged) -> None:
        """Takes note of a verdict."""
        mutant, verdict, megabytes = one
        row, most = self._rows[mutant.kind], self._most[mutant.kind]
        row.update(["mutants", verdict.outcome])
        seconds = verdict.seconds
        if seconds > SECONDS:  # a worker that has lived long is slower than a process of its own
            seconds = self.check_as_process(mutant, "table")
        most[:] = max(most[0], seconds), max(most[1], megabytes)
        self._helpless.update(verdict.helpless)
        if verdict.unbuilt:
            self._unbuilt[verdict.unbuilt] += 1
        if verdict.where:
            row[verdict.where] += 1
            self._where[verdict.where] += 1
        if verdict.where == "elsewhere":
            self._misplaced.append(_line(mutant, verdict.story))
        failures = [*verdict.failures]
        if seconds > SECONDS:
            failures.append(f"check took {seconds:.1f} s")
        if megabytes > MEGABYTES:
            failures.append(f"check took {megabytes:.0f} MB")
        self._fail(mutant, failures)

    def check_as_process(self, mutant: Mutant, format_: str) -> float:
        """Checks a mutant by the real command line; returns the processor time it took."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with written(mutant) as path:
            command = [sys.executable, "-m", "archspec", "check", str(path), "--format", format_]
            command += [] if mutant.variant is None else ["--variant", mutant.variant]
            done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace",
                                  timeout=60, check=False)  # fmt: skip
        said = done.stdout + done.stderr
        found = [words for words in ("Traceback", "internal error") if words in said]
        if done.returncode not in OUTCOMES or found:
            self._fail(mutant, [f"--format {format_}: exit code {done.returncode}: {said[-500:]}"])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    def _fail(self, mutant: Mutant, failures: list[str]) -> None:
        if not failures:
            return
        self._failed += 1
        self._rows[mutant.kind]["failed"] += 1
        path = keep(mutant, self._folder)
        if self._failed <= SHOWN:
            print(f"FAILED {mutant.kind} of {mutant.origin}, kept as {path}", flush=True)
            print("\n".join(failures), flush=True)

    def finish(self) -> int:
        """Prints the tables and returns the exit code."""
        rows = [[kind, *self._cells(kind)] for kind in dict.fromkeys(KINDS) if kind in self._rows]
        total = sum(self._rows.values(), Counter[str]())
        sums = [f"{total[heading]:,}" for heading in HEADINGS[1:8]]
        rows.append(["all", *sums, "", "", f"{total['failed']:,}"])
        widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
        for row in (HEADINGS, *rows):
            first, *others = (cell.rjust(w) for cell, w in zip(row, widths, strict=True))
            print(first.strip().ljust(widths[0]), *others, sep="  ")
        for line in sorted(self._misplaced)[:SHOWN]:
            print("ELSEWHERE", line)
        print("errors without help:", dict(self._helpless.most_common()))
        print("accepted but not built in torch:", dict(self._unbuilt))
        placed = self._where.total()
        share = 1 - self._where["elsewhere"] / placed if placed else 1.0
        print(f"{share:.2%} of {placed:,} changes of one line have errors where they should be")
        print(f"{self._failed:,} failures")
        return int(self._failed > 0 or share < LOCAL)

    def _cells(self, kind: str) -> list[str]:
        row, (seconds, megabytes) = self._rows[kind], self._most[kind]
        counts = [str(row[heading] or "") for heading in HEADINGS[1:8]]
        return [*counts, f"{seconds:.2f}", f"{megabytes:.0f}", str(row["failed"] or "")]


def _line(mutant: Mutant, story: str) -> str:
    """Returns a mutant whose errors are elsewhere in one line."""
    lines = lines_of(mutant.data.decode(errors="replace"))
    at = mutant.lines[0]
    line = lines[at - 1].strip()[:100] if at <= len(lines) else ""
    return f"{mutant.kind}: {mutant.name} of {mutant.origin}, line {at}: {line!r} → {story[:160]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
