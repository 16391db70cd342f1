"""What metrics are called, how they are told, and which of two is the better one.

A metric's name is its stage and what it measures: `validation_accuracy`, `train_loss`.
"""

from __future__ import annotations

import math

STAGES = ("train", "validation", "test")

SHARES = frozenset({"accuracy", "top_5_accuracy", "precision", "recall", "f1"})
"""What is told in per cent."""

_TITLES = {"top_5_accuracy": "top-5 accuracy", "f1": "F1", "auc": "AUC", "mae": "MAE", "mse": "MSE"}


def stage_of(name: str) -> str:
    """Returns the stage of a metric; empty if it has none, such as the learning rate."""
    stage = name.partition("_")[0]
    return stage if stage in STAGES else ""


def measure_of(name: str) -> str:
    """Returns what a metric measures, without its stage."""
    return name.partition("_")[2] if stage_of(name) else name


def rank(measure: str) -> tuple[int, str]:
    """Returns what measures are sorted by: the loss first, those of heads and `lr` last."""
    places = {"loss": 0, "accuracy": 1, "lr": 4}
    return places.get(measure, 3 if measure.endswith("loss") else 2), measure


def title(measure: str) -> str:
    """Returns what a measure is called in print."""
    return _TITLES.get(measure, measure.replace("_", " "))


def shown(measure: str, value: float) -> str:
    """Returns a value as people read it: shares in per cent, others with four digits."""
    if not math.isfinite(value):
        return str(value)
    if measure in SHARES:
        return f"{value:.2%}"
    return f"{value:,.0f}" if 9999.5 <= abs(value) < 1e9 else f"{value:.4g}"


def more_is_better(measure: str) -> bool:
    """Returns whether the larger of two values is the better one."""
    return measure in SHARES or measure == "auc"
