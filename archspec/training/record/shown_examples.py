"""The examples that a report shows with what was predicted, as pictures or as a table."""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from archspec.training.data.dataset import Examples
from archspec.training.prediction.picture_grid import Cell
from archspec.training.prediction.pictures import stretched
from archspec.training.record.class_results import Judged
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
        features: Its first numbers.
    """

    number: int
    true: str
    predicted: str
    likely: float
    right: bool
    picture: Image.Image | None
    features: tuple[float, ...]

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


def shown_examples(judged: Judged, examples: Examples) -> list[Shown]:
    """Returns the surest mistakes, then the first right predictions.

    Args:
        judged: What was said of the examples.
        examples: The examples, in the same order.
    """
    wrong = np.flatnonzero(~judged.right)
    surest = wrong[np.argsort(-judged.likely[wrong], kind="stable")]
    right = np.flatnonzero(judged.right)
    some = surest[: max(WRONG, ALL - len(right))]
    places = [*some.tolist(), *right[: ALL - len(some)].tolist()]
    inputs = examples.some(places).numpy() if places else np.empty(0)
    return [
        Shown(
            number=int(examples.indices[at]),
            true=judged.classes[judged.true[at]],
            predicted=judged.classes[judged.predicted[at]],
            likely=float(judged.likely[at]),
            right=bool(judged.right[at]),
            picture=stretched(given),
            features=tuple(given.reshape(-1)[:FEATURES].tolist()),
        )
        for at, given in zip(places, inputs, strict=True)
    ]


def as_table(rows: list[Shown]) -> dict[str, object]:
    """Returns predictions of examples that are no pictures, as a table of a page."""
    numbers = range(len(rows[0].features))
    return {
        "columns": ["predicted", "probability", "true", "example", *(f"x{at}" for at in numbers)],
        "rows": [
            {"cells": [
                f"{'✓' if row.right else '✗'} {row.predicted}", f"{row.likely:.1%}",
                row.true, row.number,
                *(shown("value", value) for value in row.features),
            ]}
            for row in rows
        ],
    }  # fmt: skip


def values_table(predicted: np.ndarray, true: np.ndarray, examples: Examples) -> dict[str, object]:
    """Returns predicted values beside the true ones, those farthest off first."""
    made, wanted = (array.reshape(len(array), -1) for array in (predicted, true))
    order = np.argsort(-np.abs(made - wanted).max(axis=1), kind="stable")[:ALL]
    return {
        "columns": ["example", "predicted", "true", "difference"],
        "rows": [
            {"cells": [
                int(examples.indices[at]),
                *(_numbers(array) for array in (made[at], wanted[at], made[at] - wanted[at])),
            ]}
            for at in order
        ],
    }  # fmt: skip


def _numbers(array: np.ndarray) -> str:
    more = " …" if len(array) > FEATURES else ""
    return ", ".join(shown("value", float(value)) for value in array[:FEATURES]) + more
