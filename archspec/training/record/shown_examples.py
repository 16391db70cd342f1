"""Which examples a report shows with what was predicted of them, and tables of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from archspec.training.data.dataset import Columns, Examples
from archspec.training.record.class_results import Judged, Labelled
from archspec.training.record.measures import shown

WRONG, ALL = 12, 24
"""How many wrong predictions are shown, and how many in all."""

FEATURES = 8
"""The most features of an example that a table shows."""

SUREST = "the surest mistakes, and the first that are right"
WORST = "those with most mistakes first"
"""What is shown of classes, and of labels."""


class Features(NamedTuple):
    """The first numbers of examples, for a table.

    Attributes:
        names: What they are called.
        rows: The numbers of each example.
        note: Which ones of how many they are, and of what unit.
    """

    names: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str


def first_features(
    examples: Examples, columns: Columns | None, places: Sequence[int]
) -> Features:  # fmt: skip
    """Returns the first numbers of some examples, before preprocessing where these have names.

    Args:
        examples: The examples.
        columns: The table that they come from, if they do.
        places: Which of them.
    """
    if columns is None:
        given = examples.some(places)
        names = tuple(f"x{at}" for at in range(given[0].numel()))
    else:
        given, names = columns.inputs.read(examples.indices[list(places)]), columns.names
    many = len(names) > FEATURES
    some = f"the first {FEATURES} of {len(names):,} features" if many else "features"
    return Features(
        names[:FEATURES],
        [
            tuple(shown("value", float(value)) for value in row.reshape(-1)[:FEATURES])
            for row in given
        ],
        f"{some}, {'before' if columns else 'after'} preprocessing",
    )


def surest(judged: Judged) -> list[int]:
    """Returns the places of the surest mistakes, then of the first right predictions."""
    wrong = np.flatnonzero(~judged.right)
    order = wrong[np.argsort(-judged.likely[wrong], kind="stable")]
    right = np.flatnonzero(judged.right)
    some = order[: max(WRONG, ALL - len(right))]
    return [*some.tolist(), *right[: ALL - len(some)].tolist()]


def worst(labelled: Labelled) -> list[int]:
    """Returns the places of examples, those with most mistakes first."""
    order: list[int] = np.argsort(-labelled.mistakes, kind="stable")[:ALL].tolist()
    return order


def classes_table(
    judged: Judged, examples: Examples, columns: Columns | None, places: Sequence[int]
) -> dict[str, object]:
    """Returns which classes were predicted of some examples, as a table of a page."""
    features = first_features(examples, columns, places)
    return {
        "note": f"{SUREST}; {features.note}",
        "columns": ["predicted", "probability", "true", "example", *features.names],
        "rows": [
            {"cells": [
                _marked(judged.classes[judged.predicted[at]], right=judged.right[at]),
                f"{judged.likely[at]:.1%}", judged.classes[judged.true[at]],
                int(examples.indices[at]), *row,
            ]}
            for at, row in zip(places, features.rows, strict=True)
        ],
    }  # fmt: skip


def labels_table(
    labelled: Labelled, examples: Examples, columns: Columns | None, places: Sequence[int]
) -> dict[str, object]:
    """Returns what was said of the labels of some examples beside what is true, as a table."""
    numbers = _beside(examples, columns, places)
    return {
        "note": f"{WORST}: labels that are more likely than not, with the probability of each"
        f"{numbers.note}",
        "columns": ["predicted", "true", "example", *numbers.names],
        "rows": [
            {"cells": [
                _marked(_said(labelled, at), right=not labelled.mistakes[at]),
                _true(labelled, at), int(examples.indices[at]), *features,
            ]}
            for at, features in zip(places, numbers.rows, strict=True)
        ],
    }  # fmt: skip


def values_table(
    predicted: np.ndarray, true: np.ndarray, examples: Examples, columns: Columns | None
) -> dict[str, object]:
    """Returns predicted values beside the true ones, those farthest off first."""
    made, wanted = (array.reshape(len(array), -1) for array in (predicted, true))
    order = np.argsort(-np.abs(made - wanted).max(axis=1), kind="stable")[:ALL].tolist()
    numbers = _beside(examples, columns, order)
    return {
        "note": f"those farthest off first{numbers.note}",
        "columns": ["example", "predicted", "true", "difference", *numbers.names],
        "rows": [
            {"cells": [
                int(examples.indices[at]),
                *(_numbers(array) for array in (made[at], wanted[at], made[at] - wanted[at])),
                *features,
            ]}
            for at, features in zip(order, numbers.rows, strict=True)
        ],
    }  # fmt: skip


def _beside(examples: Examples, columns: Columns | None, places: Sequence[int]) -> Features:
    """Returns the numbers beside a prediction, and the end of a note; none of pictures and such."""
    if columns is None and len(examples.shape) > 1:
        return Features((), [()] * len(places), "")
    made = first_features(examples, columns, places)
    return made._replace(note=f"; {made.note}")


def _marked(text: str, *, right: bool) -> str:
    return f"{'✓' if right else '✗'}\N{NO-BREAK SPACE}{text}"


def _said(labelled: Labelled, at: int) -> str:
    told = [
        f"{name} {likely:.0%}"
        for name, likely, said in zip(
            labelled.names, labelled.likely[at], labelled.said[at], strict=True
        )
        if said
    ]
    return ", ".join(told) or "none"


def _true(labelled: Labelled, at: int) -> str:
    return ", ".join(np.array(labelled.names)[labelled.true[at]]) or "none"


def _numbers(array: np.ndarray) -> str:
    more = " …" if len(array) > FEATURES else ""
    return ", ".join(shown("value", float(value)) for value in array[:FEATURES]) + more
