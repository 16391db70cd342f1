"""How well each class is found: the confusion matrix, precision, recall and F1."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

THRESHOLD = 0.5
"""The probability above which a label is said to be there."""


class Judged(NamedTuple):
    """What was said of each example, where examples are of one class each.

    Attributes:
        classes: The names of the classes.
        true: The number of its class, `[count]`.
        predicted: The number of the most probable one, `[count]`.
        likely: How probable that is, `[count]`.
    """

    classes: tuple[str, ...]
    true: np.ndarray
    predicted: np.ndarray
    likely: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Whether each prediction is true, `[count]`."""
        same: np.ndarray = self.true == self.predicted
        return same

    def confusion(self) -> np.ndarray:
        """Returns how many examples of each class (row) were predicted as which (column)."""
        number = len(self.classes)
        flat = np.bincount(self.true * number + self.predicted, minlength=number * number)
        return flat.reshape(number, number)


class ClassResult(NamedTuple):
    """How well a class is found; what would be a division by zero is 0, as in scikit-learn.

    Attributes:
        name: The name of the class.
        precision: The share of what was predicted as it that is.
        recall: The share of it that was found.
        f1: The harmonic mean of both.
        support: How many examples of it there are.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


def class_results(confusion: np.ndarray, classes: Sequence[str]) -> list[ClassResult]:
    """Returns the results of each class.

    Args:
        confusion: How many examples of each class (row) were predicted as which (column).
        classes: The names of the classes.
    """
    return _results(np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0), classes)


def _results(
    found: np.ndarray, support: np.ndarray, said: np.ndarray, classes: Sequence[str]
) -> list[ClassResult]:
    precision = found / np.maximum(said, 1)
    recall = found / np.maximum(support, 1)
    f1 = 2 * found / np.maximum(said + support, 1)
    return [
        ClassResult(name, float(p), float(r), float(f), int(n))
        for name, p, r, f, n in zip(classes, precision, recall, f1, support, strict=True)
    ]


class Labelled(NamedTuple):
    """What was said of each example, where each may have several labels or none.

    Attributes:
        names: The names of the labels.
        true: Whether it has each, `[count, labels]`.
        likely: How probable that is, `[count, labels]`.
    """

    names: tuple[str, ...]
    true: np.ndarray
    likely: np.ndarray

    @property
    def said(self) -> np.ndarray:
        """Whether each is said to be there, `[count, labels]`."""
        above: np.ndarray = self.likely > THRESHOLD
        return above

    @property
    def mistakes(self) -> np.ndarray:
        """How many are said wrongly to be there, or not to be, `[count]`."""
        number: np.ndarray = (self.said != self.true).sum(axis=1)
        return number

    def results(self) -> list[ClassResult]:
        """Returns how well each label is found."""
        found = (self.said & self.true).sum(axis=0)
        return _results(found, self.true.sum(axis=0), self.said.sum(axis=0), self.names)


def confusion_csv(confusion: np.ndarray, classes: Sequence[str]) -> bytes:
    """Returns a confusion matrix as a CSV file: a row for each true class."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["true \\ predicted", *classes])
    writer.writerows([name, *row] for name, row in zip(classes, confusion.tolist(), strict=True))
    return text.getvalue().encode()
