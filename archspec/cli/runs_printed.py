"""What `archspec compare` prints: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Mapping, Sequence

from archspec.diagnostics.terminal import cells, visible
from archspec.training.record.runs_compared import Compared, metric_title

BEST = "*"
"""What marks the best of a row, also where there are no colours."""


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
        print_rows([labels, *told], left=len(labels))


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
                "metrics": {name: finite(value) for name, value in run.results().items()},
                "spread": {name: finite(value) for name, value in run.spread().items()},
            }
            for run in compared.runs
        ],
        "differing": {name: [*values] for name, values in compared.differing.items()},
        "best": {metric: sorted(compared.best(metric)) for metric in compared.metrics},
    }
    print(json.dumps(content, indent=1, ensure_ascii=False))


def print_csv(compared: Compared) -> None:
    """Prints a line for each run."""
    spread = [m for m in compared.metrics if any(m in run.spread() for run in compared.runs)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        ["run", "finished", *compared.metrics, *(f"{m}_std" for m in spread), *compared.differing]
    )
    for at, run in enumerate(compared.runs):
        results, deviations = run.results(), run.spread()
        writer.writerow(
            [
                run.directory,
                str(run.finished).lower(),
                *(results.get(metric, "") for metric in compared.metrics),
                *(deviations.get(metric, "") for metric in spread),
                *(values[at] for values in compared.differing.values()),
            ]
        )


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
