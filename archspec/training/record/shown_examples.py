"""The examples that a report shows with what was predicted, as pictures or as a table."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from archspec.training.data.dataset import Columns, Examples
from archspec.training.prediction.picture_grid import Cell
from archspec.training.prediction.pictures import stretched
from archspec.training.record.class_results import Judged, Labelled
from archspec.training.record.measures import shown
from archspec.training.record.pages import png_source

WRONG, ALL = 12, 24
"""How many wrong predictions are shown, and how many in all."""

FEATURES = 8
"""The most features of an example that a table shows."""

_SIDE = 160
"""Pictures are made no larger than this."""


class Shown(NamedTuple):
    """A prediction with its example.

    Attributes:
        number: Where the example stands in the data set.
        true: The name of its class.
        predicted: The name of the predicted one.
        likely: How probable that is.
        right: Whether it is the true one.
        picture: The example as a picture, if it is one.
        features: Its first numbers, as `Features` has them.
    """

    number: int
    true: str
    predicted: str
    likely: float
    right: bool
    picture: Image.Image | None
    features: tuple[str, ...]

    @property
    def cell(self) -> Cell:
        """Itself in a grid of pictures."""
        if self.picture is None:
            raise ValueError("the example is no picture")
        truth = [] if self.right else [f"true: {self.true}"]
        return Cell(self.picture, [f"{self.predicted} {self.likely:.0%}", *truth], self.right)

    @property
    def figure(self) -> dict[str, object]:
        """Itself on a page."""
        if self.picture is None:
            raise ValueError("the example is no picture")
        picture = self.picture.copy()
        picture.thumbnail((_SIDE, _SIDE))
        content = BytesIO()
        picture.save(content, "PNG", optimize=True)
        return {
            "source": png_source(content.getvalue()),
            "small": max(picture.size) < _SIDE,
            "number": self.number,
            "right": self.right,
            "predicted": self.predicted,
            "true": self.true,
            "likely": f"{self.likely:.1%}",
        }


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


def shown_examples(
    judged: Judged, examples: Examples, columns: Columns | None
) -> tuple[list[Shown], Features | None]:
    """Returns the surest mistakes, then the first right predictions; and what their numbers are.

    Args:
        judged: What was said of the examples.
        examples: The examples, in the same order.
        columns: The table that they come from, if they do.
    """
    wrong = np.flatnonzero(~judged.right)
    surest = wrong[np.argsort(-judged.likely[wrong], kind="stable")]
    right = np.flatnonzero(judged.right)
    some = surest[: max(WRONG, ALL - len(right))]
    places = [*some.tolist(), *right[: ALL - len(some)].tolist()]
    if not places:
        return [], None
    pictures = [stretched(given) for given in examples.some(places).numpy()]
    numbers = None if pictures[0] else first_features(examples, columns, places)
    rows = [()] * len(places) if numbers is None else numbers.rows
    made = [
        Shown(
            number=int(examples.indices[at]),
            true=judged.classes[judged.true[at]],
            predicted=judged.classes[judged.predicted[at]],
            likely=float(judged.likely[at]),
            right=bool(judged.right[at]),
            picture=picture,
            features=features,
        )
        for at, picture, features in zip(places, pictures, rows, strict=True)
    ]
    return made, numbers


def as_table(rows: list[Shown], features: Features) -> dict[str, object]:
    """Returns predictions of examples that are no pictures, as a table of a page."""
    return {
        "note": f"the surest mistakes, and the first that are right; {features.note}",
        "columns": ["predicted", "probability", "true", "example", *features.names],
        "rows": [
            {"cells": [
                _marked(row.predicted, right=row.right), f"{row.likely:.1%}",
                row.true, row.number, *row.features,
            ]}
            for row in rows
        ],
    }  # fmt: skip


def labels_table(
    labelled: Labelled, examples: Examples, columns: Columns | None
) -> dict[str, object]:
    """Returns what was said of labels beside what is true, those with most mistakes first."""
    wrong = (labelled.said != labelled.true).sum(axis=1)
    order = np.argsort(-wrong, kind="stable")[:ALL].tolist()
    numbers = _beside(examples, columns, order)
    return {
        "note": "those with most mistakes first: labels that are more likely than not, with the "
        f"probability of each{numbers.note}",
        "columns": ["predicted", "true", "example", *numbers.names],
        "rows": [
            {"cells": [
                _marked(_said(labelled, at), right=not wrong[at]), _true(labelled, at),
                int(examples.indices[at]), *features,
            ]}
            for at, features in zip(order, numbers.rows, strict=True)
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
