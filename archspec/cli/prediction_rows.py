"""What `archspec predict` prints of each example: its classes, its labels, or its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from archspec.diagnostics.terminal import visible
from archspec.training.data.source import UNKNOWN
from archspec.training.prediction.given import Given
from archspec.training.prediction.outcomes import Classes, Numbers, YesOrNo
from archspec.training.record.class_results import THRESHOLD
from archspec.training.record.measures import shown

Row = dict[str, object]

WIDE = 16
"""The most labels whose probabilities have columns in a table."""


class Rows(Protocol):
    """The examples of one kind of prediction, each by its place among all."""

    def summary(self, places: Sequence[int]) -> Row:
        """Returns how good the predictions at some places are, for programs."""

    def verdict(self, places: Sequence[int]) -> str:
        """Returns it for people; empty if it is not known."""

    def object(self, at: int) -> Row:
        """Returns an example for JSON."""

    def lines(self, at: int) -> list[Row]:
        """Returns the lines of an example for CSV."""

    def texts(self, at: int) -> list[dict[str, str]]:
        """Returns the lines of an example for people; what is in no column has no name."""


class ClassRows:
    """The most probable classes of each example."""

    def __init__(self, outcome: Classes, given: Given, labels: Sequence[str], top: int) -> None:
        self._outcome, self._given, self._labels, self._top = outcome, given, labels, top

    def summary(self, places: Sequence[int]) -> Row:
        """Returns how many are right, if the classes of all are known."""
        correct = self._correct(places)
        share = None if correct is None else correct / len(places)
        return {"correct": correct, "accuracy": share}

    def verdict(self, places: Sequence[int]) -> str:
        """Returns it in words."""
        correct = self._correct(places)
        number = len(places)
        return "" if correct is None else f"{correct} of {number} correct ({correct / number:.2%})"

    def object(self, at: int) -> Row:
        """Returns the class of an example, and others that are asked for."""
        ranks: list[Row] = [
            {"prediction": label, "probability": number_in_json(likely)}
            for label, likely in self.ranks(at)
        ]
        row = {"truth": self.truth(at), **ranks[0]}
        return row | {"top": ranks} if self._top > 1 else row

    def lines(self, at: int) -> list[Row]:
        """Returns a line for each rank."""
        return [
            {"truth": self.truth(at)}
            | ({"rank": rank} if self._top > 1 else {})
            | {"prediction": label, "probability": likely}
            for rank, (label, likely) in enumerate(self.ranks(at), 1)
        ]

    def texts(self, at: int) -> list[dict[str, str]]:
        """Returns a line for each rank; `?` is a truth not known."""
        truth = self.truth(at)
        lines = []
        for rank, (label, likely) in enumerate(self.ranks(at)):
            said = "wrong" if rank == 0 and truth not in (None, label) else ""
            known = visible(truth or "?") if rank == 0 else ""
            lines.append(
                {"truth": known, "prediction": visible(label), "probability": share(likely)}
                | {"": said}
            )
        return lines

    def truth(self, at: int) -> str | None:
        """Returns the true class of an example, if it is known."""
        number = int(self._given.truths[at])
        return None if number == UNKNOWN else self._labels[number]

    def ranks(self, at: int) -> list[tuple[str, float]]:
        """Returns the most probable classes of an example with their probabilities."""
        return [(self._labels[number], likely) for number, likely in self.numbered(at)]

    def numbered(self, at: int) -> list[tuple[int, float]]:
        """Returns the numbers of these classes with their probabilities."""
        return [
            (int(number), round(float(likely), 6))
            for number, likely in zip(self._outcome.best[at], self._outcome.likely[at], strict=True)
        ]

    def _correct(self, places: Sequence[int]) -> int | None:
        truths = self._given.truths[places]
        if (truths == UNKNOWN).any():
            return None
        return int(np.sum(self._outcome.best[places, 0] == truths))


class LabelRows:
    """The labels that are said to be there, each with its own probability."""

    def __init__(self, outcome: YesOrNo, given: Given, labels: Sequence[str]) -> None:
        self._likely, self._main, self._labels = outcome.likely, outcome.main, labels
        self._true = None if given.values is None else given.values.reshape(len(self._likely), -1)

    def summary(self, places: Sequence[int]) -> Row:
        """Returns how many labels are right, yes and no alike, if they are known."""
        correct = self._correct(places)
        number = len(places) * len(self._labels)
        known = {"correct": correct, "accuracy": None if correct is None else correct / number}
        return {"labels": number, "threshold": THRESHOLD, **known}

    def verdict(self, places: Sequence[int]) -> str:
        """Returns it in words."""
        correct = self._correct(places)
        number = len(places) * len(self._labels)
        return (
            ""
            if correct is None
            else f"{correct} of {number} labels correct ({correct / number:.2%})"
        )

    def object(self, at: int) -> Row:
        """Returns the labels of an example, and the probability of each."""
        each = zip(self._labels, self._likely[at], strict=True)
        return {
            "truth": self._there(self._true, at),
            "prediction": self.said(at),
            "probabilities": {label: _rounded(value) for label, value in each},
        }

    def lines(self, at: int) -> list[Row]:
        """Returns the probability of each label, and whether it is there if that is known."""
        row: Row = {
            f"{self._main}.{label}": round(float(value), 6)
            for label, value in zip(self._labels, self._likely[at], strict=True)
        }
        if self._true is not None:
            true = zip(self._labels, self._true[at], strict=True)
            row |= {f"truth.{label}": int(value > THRESHOLD) for label, value in true}
        return [row]

    def texts(self, at: int) -> list[dict[str, str]]:
        """Returns the labels, and the probability of each where there are few."""
        said, true = self.said(at), self._there(self._true, at)
        row = {"truth": "?" if true is None else _joined(true), "prediction": _joined(said)}
        if len(self._labels) <= WIDE:
            each = zip(self._labels, self._likely[at], strict=True)
            row |= {visible(label): share(float(value)) for label, value in each}
        return [row | {"": "wrong" if true not in (None, said) else ""}]

    def truth(self, at: int) -> list[str] | None:
        """Returns the labels that an example has, if that is known."""
        return self._there(self._true, at)

    def said(self, at: int) -> list[str]:
        """Returns the labels that an example is said to have."""
        return self._there(self._likely, at) or []

    def _there(self, values: np.ndarray | None, at: int) -> list[str] | None:
        if values is None:
            return None
        there = values[at] > THRESHOLD
        return [label for label, is_there in zip(self._labels, there, strict=True) if is_there]

    def _correct(self, places: Sequence[int]) -> int | None:
        if self._true is None:
            return None
        same = (self._likely[places] > THRESHOLD) == (self._true[places] > THRESHOLD)
        return int(same.sum())


class NumberRows:
    """The numbers of each example, and how far they are from the true ones."""

    def __init__(self, outcome: Numbers, given: Given) -> None:
        self._outcome = outcome
        known = given.values
        self._true = None if known is None else known.reshape(len(given.indices), -1)

    def summary(self, places: Sequence[int]) -> Row:
        """Returns how far they are off in the mean, if the true ones are known."""
        error = self._error(places)
        return {} if error is None else {"mae": number_in_json(error)}

    def verdict(self, places: Sequence[int]) -> str:
        """Returns it in words."""
        error = self._error(places)
        return "" if error is None else f"mean absolute error {shown('mae', error)}"

    def object(self, at: int) -> Row:
        """Returns the numbers of an example, the true ones and how far they are apart."""
        row: Row = {self._outcome.main: [number_in_json(v) for v in self._outcome.values[at]]}
        if self._true is not None:
            row["truth"] = self._true[at].tolist()
            row["error"] = [number_in_json(v) for v in self._apart(at)]
        return row

    def lines(self, at: int) -> list[Row]:
        """Returns them as columns."""
        return [{**self._columns(at)}]

    def texts(self, at: int) -> list[dict[str, str]]:
        """Returns them as columns, shortened."""
        return [{name: f"{value:.6g}" for name, value in self._columns(at).items()}]

    def _columns(self, at: int) -> dict[str, float]:
        row = self._named(self._outcome.main, self._outcome.values[at])
        if self._true is not None:
            row |= self._named("truth", self._true[at].tolist())
            row |= self._named("error", self._apart(at))
        return row

    def _named(self, name: str, values: Sequence[float]) -> dict[str, float]:
        if len(values) == 1:
            return {name: values[0]}
        return {f"{name}.{at}": value for at, value in enumerate(values)}

    def _apart(self, at: int) -> list[float]:
        assert self._true is not None  # noqa: S101 - its callers look
        made: list[float] = np.abs(np.array(self._outcome.values[at]) - self._true[at]).tolist()
        return made

    def _error(self, places: Sequence[int]) -> float | None:
        if self._true is None or not places:
            return None
        return float(np.mean([self._apart(at) for at in places]))


def share(likely: float) -> str:
    """Returns a probability for people."""
    return f"{likely:.2%}" if math.isfinite(likely) else str(likely)


def number_in_json(value: object) -> object:
    """Returns a number as JSON can say it, which knows neither `nan` nor infinities."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _rounded(value: float) -> object:
    return number_in_json(round(float(value), 6))


def _joined(labels: Sequence[str]) -> str:
    return visible(", ".join(labels)) or "none"
