"""What `archspec predict` prints: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from archspec.cli.prediction_rows import (
    ClassRows,
    LabelRows,
    NumberRows,
    Row,
    Rows,
    number_in_json,
)
from archspec.diagnostics import Refusal
from archspec.diagnostics.counted import counted
from archspec.diagnostics.terminal import cells, visible
from archspec.training.prediction.outcomes import Classes, Numbers, YesOrNo

if TYPE_CHECKING:
    from archspec.training.prediction.comparison import Comparison
    from archspec.training.prediction.given import Given


class Report(NamedTuple):
    """All that is printed.

    Attributes:
        model: The model's file.
        provider: Where ONNX Runtime ran it.
        given: What it ran on.
        split: The part of a data set that this is, if it is one.
        labels: The names of the classes.
        top: How many classes of each example are asked for.
        outcome: What it said, if that is to be printed.
        comparison: The model beside its network, if that was asked for.
        skipped: What is wrong with those that it did not run on, by their place.
        written: What has been written into files, for people and for programs.
    """

    model: Path
    provider: str
    given: Given
    split: str | None
    labels: Sequence[str]
    top: int
    outcome: Classes | YesOrNo | Numbers | None
    comparison: Comparison | None
    skipped: Mapping[int, Refusal]
    written: dict[str, str]

    @property
    def places(self) -> Sequence[int]:
        """Where the examples that the model ran on stand among all."""
        return [at for at in range(len(self.given.indices)) if at not in self.skipped]

    @property
    def number(self) -> int:
        """How many examples the model ran on."""
        return len(self.given.indices) - len(self.skipped)

    @property
    def rows(self) -> Rows | None:
        """What is printed of each example, if anything is."""
        if isinstance(self.outcome, Classes):
            return ClassRows(self.outcome, self.given, self.labels, self.top)
        if isinstance(self.outcome, YesOrNo):
            return LabelRows(self.outcome, self.given, self.labels)
        return None if self.outcome is None else NumberRows(self.outcome, self.given)

    @property
    def summary(self) -> Row:
        """How good the predictions are, for programs."""
        none: Row = {"correct": None, "accuracy": None}
        return none | (self.rows.summary(self.places) if self.rows else {})

    def which(self, at: int) -> Row:
        """Returns what an example is called: its number, and its file if it has one."""
        row: Row = {"index": int(self.given.indices[at])}
        return row | {"file": self.given.files[at]} if self.given.files else row


def print_json(report: Report, limit: int | None) -> None:
    """Prints one object with everything."""
    comparison, rows = report.comparison, report.rows
    content = {
        "model": str(report.model),
        "provider": report.provider,
        "dataset": report.given.name,
        "split": report.split,
        "examples": report.number,
        **report.summary,
        "comparison": comparison and {
            "weights": str(comparison.weights),
            "accuracy": _accuracy(report, comparison),
            "largest_difference": number_in_json(comparison.difference),
            "agrees": comparison.agrees,
        },
        "predictions": [report.which(at) | rows.object(at) for at in report.places[:limit]]
        if rows else [],
        **({"skipped": _skipped(report)} if report.skipped else {}),
        **({"written": report.written} if report.written else {}),
    }  # fmt: skip
    print(json.dumps(content, indent=1, ensure_ascii=False))


def _skipped(report: Report) -> list[Row]:
    return [report.which(at) | {"reason": why.message} for at, why in report.skipped.items()]


def print_csv(report: Report, limit: int | None) -> None:
    """Prints a line for each prediction: of each example, and of each of its ranks."""
    made = report.rows
    if made is None:
        return
    rows = [report.which(at) | row for at in report.places[:limit] for row in made.lines(at)]
    first = report.places[0]
    columns = list(report.which(first) | made.lines(first)[0])
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def print_table(report: Report, limit: int | None) -> None:
    """Prints how good the predictions are, and some of them; `?` is a truth not known."""
    verdict = report.rows.verdict(report.places) if report.rows else ""
    result = counted(report.number, "example", "examples")
    if verdict:
        result = verdict if isinstance(report.outcome, Classes) else f"{result}, {verdict}"
    if report.skipped:
        result += f", {len(report.skipped)} skipped"
    title = ", ".join(word for word in (report.given.name, report.split) if word)
    print(f"{visible(title)}: {result}")
    if report.comparison:
        _print_comparison(report, report.comparison)
    if report.rows:
        _print_rows(report, report.rows, report.places[:limit])
    for file, what in report.written.items():
        print(f"{visible(file)}: {what}")


def _print_comparison(report: Report, comparison: Comparison) -> None:
    known = _accuracy(report, comparison)
    accuracy = "" if known is None else f"{known:.2%}, "
    verdict = "the same" if comparison.agrees else "not the same"
    print(
        f"{visible(str(comparison.weights))} in PyTorch: {accuracy}"
        f"outputs differ by at most {comparison.difference:.1e}: {verdict}"
    )


def _accuracy(report: Report, comparison: Comparison) -> float | None:
    """Returns the accuracy of the network beside the model, where examples are of one class."""
    known = isinstance(report.outcome, Classes) and report.summary["correct"] is not None
    return comparison.accuracy if known else None


def _print_rows(report: Report, made: Rows, places: Sequence[int]) -> None:
    rows = [line for at in places for line in _texts(report, made, at)]
    if not rows:
        return
    columns = [name for name in rows[0] if name]
    widths = {
        name: max(cells(name), *(cells(row[name]) for row in rows), *_reserved(report, name))
        for name in columns
    }
    left = ("file", "truth", "prediction")
    print()
    for row in [dict(zip(columns, columns, strict=True)), *rows]:
        padded = [_padded(row[name], widths[name], left=name in left) for name in columns]
        print("  ".join([*padded, row.get("", "")]).rstrip())


def _reserved(report: Report, column: str) -> list[int]:
    """Returns the widths that a column of few classes' names has, whichever are shown."""
    named = column in ("truth", "prediction") and len(report.labels) <= 100
    return [cells(visible(label)) for label in report.labels] if named else []


def _texts(report: Report, made: Rows, at: int) -> list[dict[str, str]]:
    """Returns the lines of a table for an example, the first of which says which it is."""
    which = {name: visible(str(value)) for name, value in report.which(at).items()}
    return [
        (which if rank == 0 else dict.fromkeys(which, "")) | line
        for rank, line in enumerate(made.texts(at))
    ]


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - cells(text))
    return text + space if left else space + text
