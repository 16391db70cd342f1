"""What a network is to tell of each example, which decides how it is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from archspec.frontend.train_schema import TrainSpec
from archspec.ir.types import Shape
from archspec.training.data.dataset import Dataset

Kind: TypeAlias = Literal["multiclass", "binary", "multilabel", "values"]

CLASS_METRICS = ("accuracy", "precision", "recall", "f1", "auc")
ONLY_FOR: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(CLASS_METRICS, ("multiclass", "binary", "multilabel")),
    "top_5_accuracy": ("multiclass",),
    "mae": ("values",),
    "mse": ("values",),
}
"""The tasks that each metric is for."""


class Task(NamedTuple):
    """What is told of each example.

    Attributes:
        kind: One of several classes, yes or no, yes or no for several labels, or values.
        number: How many classes or labels there are; 1 for values.
        scores: What has to be applied to outputs to make them probabilities, if anything.
    """

    kind: Kind
    number: int
    scores: Literal["softmax", "sigmoid", ""]


def task_of(spec: TrainSpec, data: Dataset, output: Shape) -> Task:
    """Returns the task of a network that goes with its data.

    Args:
        spec: The spec's `train` section.
        data: The data.
        output: The shape of the network's main output for one example.
    """
    loss = spec.loss.name
    classes = len(data.classes)
    if loss == "cross_entropy":
        return Task("multiclass", classes, "softmax")
    binary = loss == "binary_cross_entropy"
    sigmoid: Literal["sigmoid", ""] = "sigmoid" if binary else ""
    size = math.prod(side for side in output if isinstance(side, int))
    if binary and size == 1:
        return Task("binary", 2, sigmoid)
    if classes:
        return Task("multiclass", classes, sigmoid)
    return Task("multilabel", size, sigmoid) if binary else Task("values", 1, "")


def metric_names(spec: TrainSpec, task: Task) -> Sequence[str]:
    """Returns the names of the metrics that are measured beside the loss."""
    if spec.metrics is None:
        return ["mae"] if task.kind == "values" else ["accuracy"]
    return list(dict.fromkeys(spec.metrics))
