"""What `archspec predict` prints: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archspec.training.data import Dataset, Examples
    from archspec.training.predict import Predictions

COLUMNS = ("index", "truth", "prediction", "probability")

Row = dict[str, object]


class Comparison(NamedTuple):
    """The model beside the network that it was exported from.

    Attributes:
        weights: Where the network's weights come from.
        accuracy: The network's accuracy.
        difference: How far the outputs differ at most.
        agrees: Whether that is as good as not at all.
    """

    weights: Path
    accuracy: float
    difference: float
    agrees: bool


class Judged(NamedTuple):
    """All that is printed.

    Attributes:
        model: The model's file.
        provider: Where ONNX Runtime ran it.
        data: What it ran on.
        split: The part of these.
        predictions: What it said.
        comparison: The model beside its network, if that was asked for.
    """

    model: Path
    provider: str
    data: Dataset
    split: str
    predictions: Predictions
    comparison: Comparison | None

    @property
    def examples(self) -> Examples:
        """What it said it of."""
        return self.data.splits[self.split]

    def rows(self, limit: int | None) -> list[Row]:
        """Returns the first predictions by column; a truth that is not known is `None`."""
        classes, examples, predictions = self.data.classes, self.examples, self.predictions
        columns = zip(
            examples.indices[:limit],
            examples.targets[:limit],
            predictions.classes[:limit],
            predictions.probabilities[:limit],
            strict=True,
        )
        return [
            {
                "index": int(index),
                "truth": classes[int(truth)] if examples.labelled else None,
                "prediction": classes[int(prediction)],
                "probability": round(float(probability), 6),
            }
            for index, truth, prediction, probability in columns
        ]


def print_json(judged: Judged, limit: int | None) -> None:
    """Prints one object with everything."""
    comparison, labelled = judged.comparison, judged.examples.labelled
    content = {
        "model": str(judged.model),
        "provider": judged.provider,
        "dataset": judged.data.name,
        "split": judged.split,
        "examples": judged.examples.number,
        "correct": int(judged.predictions.correct.sum()) if labelled else None,
        "accuracy": judged.predictions.accuracy if labelled else None,
        "comparison": comparison and {
            "weights": str(comparison.weights),
            "accuracy": comparison.accuracy if labelled else None,
            "largest_difference": _number(comparison.difference),
            "agrees": comparison.agrees,
        },
        "predictions": [
            row | {"probability": _number(row["probability"])} for row in judged.rows(limit)
        ],
    }  # fmt: skip
    print(json.dumps(content, indent=1, ensure_ascii=False))


def print_csv(judged: Judged, limit: int | None) -> None:
    """Prints a line for each prediction."""
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(judged.rows(limit))


def print_table(judged: Judged, limit: int | None) -> None:
    """Prints how good the predictions are, and some of them; `?` is a truth not known."""
    predictions, comparison, number = judged.predictions, judged.comparison, judged.examples.number
    result = f"{number} examples"
    accuracy = ""
    if judged.examples.labelled:
        right = predictions.correct.sum()
        result = f"{right} of {number} correct ({predictions.accuracy:.2%})"
        accuracy = f"{comparison.accuracy:.2%}, " if comparison else ""
    print(f"{judged.data.name}, {judged.split}: {result}")
    if comparison:
        verdict = "the same" if comparison.agrees else "not the same"
        print(
            f"{comparison.weights} in PyTorch: {accuracy}"
            f"outputs differ by at most {comparison.difference:.1e}: {verdict}"
        )
    rows = judged.rows(limit)
    if rows:
        width = max(len("prediction"), *map(len, judged.data.classes))
        print(f"\nindex  {'truth':{width}}  {'prediction':{width}}  probability")
    for row in rows:
        probability, truth = row["probability"], row["truth"]
        likely = str(probability) if _number(probability) is None else f"{probability:.2%}"
        wrong = "" if truth in (None, row["prediction"]) else "  wrong"
        print(
            f"{row['index']:5}  {truth or '?':{width}}  {row['prediction']:{width}}  "
            f"{likely:>11}{wrong}"
        )


def _number(value: object) -> object:
    """Returns a number as JSON can say it, which knows neither `nan` nor infinities."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
