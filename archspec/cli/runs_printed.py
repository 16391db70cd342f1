"""What `archspec compare` prints: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from archspec.diagnostics.terminal import cells, visible
from archspec.training.record.runs_compared import Compared, finished_folds, metric_title

BEST = "*"
"""What marks the best of a row, also where there are no colours."""

NARROWEST = 12
"""The terminal columns that a column of settings has at least."""


def print_table(compared: Compared) -> None:
    """Prints the metrics, a column for each run, and the settings that differ."""
    runs = compared.runs
    best = {metric: compared.best(metric) for metric in compared.metrics}
    rows = [
        [metric_title(metric), *(_marked(compared, at, metric, best) for at in range(len(runs)))]
        for metric in compared.metrics
    ]
    labels = ["", *map(visible, compared.labels)]
    print_rows([labels, ["state", *(run.state for run in runs)], *rows], left=1)
    if any(best.values()):
        print(f"\n{BEST} the best")
    if compared.differing:
        print("\nsettings that differ")
        told = [
            [name, *(visible(value) or "–" for value in values)]
            for name, values in compared.differing.items()
        ]
        print_rows(_folded([labels, *told]), left=len(labels))


def _marked(
    compared: Compared, at: int, metric: str, best: Mapping[str, frozenset[int]]
) -> str:  # fmt: skip
    mark = BEST if at in best[metric] else " " if best[metric] else ""
    return compared.text(at, metric) + mark


def print_json(compared: Compared) -> None:
    """Prints one object with everything."""
    content = {
        "runs": [
            {
                "run": str(run.directory),
                "name": run.compiled.graph.name,
                "variant": run.compiled.graph.variant,
                "finished": run.finished,
                "epochs": len(run.rows),
                "folds": len(run.folds) or None,
                "metrics": {name: finite(value) for name, value in judged.results().items()},
                "spread": {name: finite(value) for name, value in judged.spread().items()},
            }
            for run in compared.runs
            for judged in [finished_folds(run)]
        ],
        "differing": {name: [*values] for name, values in compared.differing.items()},
        "best": {metric: sorted(compared.best(metric)) for metric in compared.metrics},
    }
    print(json.dumps(content, indent=1, ensure_ascii=False))


def print_csv(compared: Compared) -> None:
    """Prints a line for each run."""
    judged = [finished_folds(run) for run in compared.runs]
    spread = [m for m in compared.metrics if any(m in run.spread() for run in judged)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        ["run", "finished", *compared.metrics, *(f"{m}_std" for m in spread), *compared.differing]
    )
    for at, run in enumerate(compared.runs):
        results, deviations = judged[at].results(), judged[at].spread()
        writer.writerow(
            [
                run.directory,
                str(run.finished).lower(),
                *(results.get(metric, "") for metric in compared.metrics),
                *(deviations.get(metric, "") for metric in spread),
                *(values[at] for values in compared.differing.values()),
            ]
        )


def _folded(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Returns rows whose texts go on in further rows where the terminal is too narrow for them.

    The widest columns give way first; the first one, of names, stays whole.
    """
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    room = shutil.get_terminal_size(fallback=(10**6, 24)).columns - 2 * (len(widths) - 1)
    while sum(widths) > room and max(widths[1:]) > NARROWEST:
        widths[widths.index(max(widths[1:]), 1)] -= 1
    return [
        list(line) for row in rows for line in zip_longest(*map(_lines, row, widths), fillvalue="")
    ]


def _lines(text: str, width: int) -> list[str]:
    """Returns text in lines of some terminal columns, broken at spaces where there are any."""
    lines = [""]
    for word in re.findall(r"\S+\s*", text):
        if lines[-1] and cells(lines[-1] + word.rstrip()) > width:
            lines.append("")
        for letter in word:
            if cells(lines[-1] + letter) > width and not letter.isspace():
                lines.append("")
            lines[-1] += letter
    return [line.rstrip() for line in lines]


def finite(value: float) -> float | None:
    """Returns a number as JSON can say it, which knows neither `nan` nor infinities."""
    return value if math.isfinite(value) else None


def print_rows(rows: Sequence[Sequence[str]], left: int) -> None:
    """Prints rows in columns, the first of which are aligned to the left."""
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = [
            text + space if at < left else space + text
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
            for space in [" " * (width - cells(text))]
        ]
        print("  ".join(padded).rstrip())
