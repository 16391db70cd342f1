"""Cross-validation: a run for each fold, and mean and spread of what they come to.

The test split is in none of them, and is not looked at.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.data.dataset import Dataset
from archspec.training.data.stored import Stored
from archspec.training.record.environment import versions


def fold_directory(directory: Path, fold: int) -> Path:
    """Returns the directory of a fold, counted from 0, within a run's."""
    return directory / f"fold-{fold + 1}"


def without_test(data: Dataset) -> Dataset:
    """Returns data whose test split is empty."""
    test = data.splits["test"]
    held = test.held
    none = test._replace(
        indices=test.indices[:0],
        held=held._replace(at=held.at[:0]) if isinstance(held, Stored) else held[:0],
        targets=test.targets[:0],
        weights=None if test.weights is None else test.weights[:0],
    )
    return data._replace(splits={**data.splits, "test": none})


def summary(
    graph: Graph, spec: TrainSpec, data: Dataset, folds: Sequence[Mapping[str, Any]]
) -> dict[str, object]:
    """Returns the content of the `metrics.json` of a cross-validation.

    `validation` has the mean of each metric over the folds, and `spread` its standard deviation,
    that of a sample.

    Args:
        graph: The network.
        spec: The spec's `train` section.
        data: The data of one of the folds.
        folds: The content of the `metrics.json` of each fold.
    """
    found = {
        stage: {name: [fold[stage][name] for fold in folds] for name in folds[0][stage]}
        for stage in ("train", "validation")
    }
    return {
        "name": graph.name,
        "variant": graph.variant,
        "dataset": data.name,
        "folds": len(folds),
        "splits": [fold["splits"] for fold in folds],
        "epochs": spec.epochs,
        "selected_epochs": [fold["selected_epoch"] for fold in folds],
        "selected_by": folds[0]["selected_by"],
        **{
            stage: {name: round(statistics.fmean(each), 6) for name, each in metrics.items()}
            for stage, metrics in found.items()
        },
        "spread": {
            stage: {name: round(statistics.stdev(each), 6) for name, each in metrics.items()}
            for stage, metrics in found.items()
        },
        "seeds": {"train": spec.seed, "split": spec.data.split.seed},
        "device": folds[0]["device"],
        "versions": versions(),
        "duration_s": round(sum(fold["duration_s"] for fold in folds), 3),
    }
