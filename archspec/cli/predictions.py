"""What `archspec predict` prints: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from archspec.diagnostics import Refusal
from archspec.diagnostics.terminal import cells, visible
from archspec.training.data.source import UNKNOWN
from archspec.training.prediction.outcomes import Classes, Numbers

if TYPE_CHECKING:
    from archspec.training.prediction.comparison import Comparison
    from archspec.training.prediction.given import Given

Row = dict[str, object]


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
    outcome: Classes | Numbers | None
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
    def correct(self) -> int | None:
        """How many predictions are right, if that is known of all."""
        truths = self.given.truths[self.places]
        if not isinstance(self.outcome, Classes) or (truths == UNKNOWN).any():
            return None
        return int(np.sum(self.outcome.best[self.places, 0] == truths))

    @property
    def accuracy(self) -> float | None:
        """The share of them."""
        return None if self.correct is None else self.correct / self.number

    def truth(self, at: int) -> str | None:
        """Returns the true class of an example, if it is known."""
        number = int(self.given.truths[at])
        return None if number == UNKNOWN else self.labels[number]

    def ranks(self, at: int) -> list[tuple[str, float]]:
        """Returns the most probable classes of an example with their probabilities."""
        return [(self.labels[number], likely) for number, likely in self.numbered(at)]

    def numbered(self, at: int) -> list[tuple[int, float]]:
        """Returns the numbers of these classes with their probabilities."""
        if not isinstance(self.outcome, Classes):
            return []
        return [
            (int(number), round(float(likely), 6))
            for number, likely in zip(self.outcome.best[at], self.outcome.likely[at], strict=True)
        ]

    def which(self, at: int) -> Row:
        """Returns what an example is called: its number, and its file if it has one."""
        row: Row = {"index": int(self.given.indices[at])}
        return row | {"file": self.given.files[at]} if self.given.files else row


def print_json(report: Report, limit: int | None) -> None:
    """Prints one object with everything."""
    comparison = report.comparison
    content = {
        "model": str(report.model),
        "provider": report.provider,
        "dataset": report.given.name,
        "split": report.split,
        "examples": report.number,
        "correct": report.correct,
        "accuracy": report.accuracy,
        "comparison": comparison and {
            "weights": str(comparison.weights),
            "accuracy": None if report.correct is None else comparison.accuracy,
            "largest_difference": _number(comparison.difference),
            "agrees": comparison.agrees,
        },
        "predictions": [_object(report, at) for at in report.places[:limit]]
        if report.outcome else [],
        **({"skipped": _skipped(report)} if report.skipped else {}),
        **({"written": report.written} if report.written else {}),
    }  # fmt: skip
    print(json.dumps(content, indent=1, ensure_ascii=False))


def _skipped(report: Report) -> list[Row]:
    return [report.which(at) | {"reason": why.message} for at, why in report.skipped.items()]


def _object(report: Report, at: int) -> Row:
    row = report.which(at)
    if isinstance(report.outcome, Numbers):
        return row | {report.outcome.main: [_number(v) for v in report.outcome.values[at]]}
    ranks = [
        {"prediction": label, "probability": _number(likely)} for label, likely in report.ranks(at)
    ]
    row |= {"truth": report.truth(at), **ranks[0]}
    return row | {"top": ranks} if report.top > 1 else row


def print_csv(report: Report, limit: int | None) -> None:
    """Prints a line for each prediction: of each example, and of each of its ranks."""
    rows = [row for at in report.places[:limit] for row in _lines(report, at)]
    columns = list(_lines(report, report.places[0])[0])
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _lines(report: Report, at: int) -> list[Row]:
    which = report.which(at)
    if isinstance(report.outcome, Numbers):
        return [which | dict(zip(_columns(report.outcome), report.outcome.values[at], strict=True))]
    truth = {"truth": report.truth(at)}
    return [
        which
        | truth
        | ({"rank": rank} if report.top > 1 else {})
        | {"prediction": label, "probability": likely}
        for rank, (label, likely) in enumerate(report.ranks(at), 1)
    ]


def _columns(numbers: Numbers) -> list[str]:
    if numbers.count == 1:
        return [numbers.main]
    return [f"{numbers.main}.{at}" for at in range(numbers.count)]


def print_table(report: Report, limit: int | None) -> None:
    """Prints how good the predictions are, and some of them; `?` is a truth not known."""
    result = f"{report.number} example{'' if report.number == 1 else 's'}"
    if report.correct is not None:
        result = f"{report.correct} of {report.number} correct ({report.accuracy:.2%})"
    if report.skipped:
        result += f", {len(report.skipped)} skipped"
    title = ", ".join(word for word in (report.given.name, report.split) if word)
    print(f"{visible(title)}: {result}")
    if report.comparison:
        _print_comparison(report, report.comparison)
    if report.outcome:
        _print_rows(report, report.places[:limit])
    for file, what in report.written.items():
        print(f"{visible(file)}: {what}")


def _print_comparison(report: Report, comparison: Comparison) -> None:
    accuracy = "" if report.correct is None else f"{comparison.accuracy:.2%}, "
    verdict = "the same" if comparison.agrees else "not the same"
    print(
        f"{visible(str(comparison.weights))} in PyTorch: {accuracy}"
        f"outputs differ by at most {comparison.difference:.1e}: {verdict}"
    )


def _print_rows(report: Report, places: Sequence[int]) -> None:
    rows = [row for at in places for row in _texts(report, at)]
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


def _texts(report: Report, at: int) -> list[dict[str, str]]:
    """Returns the lines of a table for an example; what is in no column has no name."""
    which = {name: visible(str(value)) for name, value in report.which(at).items()}
    if isinstance(report.outcome, Numbers):
        numbers = [f"{value:.6g}" for value in report.outcome.values[at]]
        return [which | dict(zip(_columns(report.outcome), numbers, strict=True))]
    truth, ranks = report.truth(at), report.ranks(at)
    lines = []
    for rank, (label, likely) in enumerate(ranks):
        told = f"{likely:.2%}" if math.isfinite(likely) else str(likely)
        first = which | {"truth": visible(truth or "?")}
        line = first if rank == 0 else dict.fromkeys(first, "")
        wrong = "wrong" if rank == 0 and truth not in (None, label) else ""
        lines.append(line | {"prediction": visible(label), "probability": told, "": wrong})
    return lines


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - cells(text))
    return text + space if left else space + text


def _number(value: object) -> object:
    """Returns a number as JSON can say it, which knows neither `nan` nor infinities."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
