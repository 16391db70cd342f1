"""What a run came to, as the content of its `metrics.json`."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import NamedTuple

from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.data import Dataset

LIBRARIES = ("archspec-nn", "torch", "lightning", "numpy", "scikit-learn")
"""The libraries that the figures depend on."""


class Fitted(NamedTuple):
    """What the loop left behind.

    Attributes:
        rows: The metrics of each epoch.
        selected: The epoch whose checkpoint was selected, from 1.
        test: The metrics of the test split.
        device: What was trained on.
        seconds: How long training and test took.
    """

    rows: Sequence[Mapping[str, float]]
    selected: int
    test: Mapping[str, float]
    device: str
    seconds: float


def final_metrics(
    graph: Graph, spec: TrainSpec, data: Dataset, fitted: Fitted
) -> dict[str, object]:
    """Returns results at the selected epoch, and all they depend on."""
    row = fitted.rows[fitted.selected - 1]
    validated = "validation_loss" in row
    stages = {"train": row} | ({"validation": row} if validated else {}) | {"test": fitted.test}
    results = {
        stage: {what: round(metrics[f"{stage}_{what}"], 6) for what in ("loss", "accuracy")}
        for stage, metrics in stages.items()
    }
    return {
        "name": graph.name,
        "variant": graph.variant,
        "dataset": data.name,
        "splits": {name: examples.number for name, examples in data.splits.items()},
        "epochs": spec.epochs,
        "selected_epoch": fitted.selected,
        "selected_by": "lowest validation loss" if validated else "last epoch",
        **results,
        "seeds": {"train": spec.seed, "split": spec.data.split.seed},
        "device": fitted.device,
        "versions": {"python": platform.python_version(), **{n: version(n) for n in LIBRARIES}},
        "duration_s": round(fitted.seconds, 3),
    }
