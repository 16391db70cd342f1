"""Metrics beside the loss, which are torchmetrics', and how they are gathered over an epoch.

Precision, recall, F1 and AUC are means over the classes, each counting alike, as scikit-learn's
`average="macro"`; those of two classes are of the second one. AUC is of each class against the
rest. Weights of examples count in the loss alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torchmetrics import MeanAbsoluteError, MeanSquaredError, Metric, MetricCollection
from torchmetrics.classification import AUROC, Accuracy, F1Score, Precision, Recall

from archspec.training.loop.task import Task

BUFFERED = 4096
"""How many examples are measured at once; for each batch it would cost as much as a layer."""

MOST_VALUES = 2**20
"""How many values of outputs are kept for it."""

_CLASSES: dict[str, type[Metric]] = {
    "accuracy": Accuracy,
    "precision": Precision,
    "recall": Recall,
    "f1": F1Score,
    "auc": AUROC,
}


class Gathered:
    """The metrics of one stage over an epoch.

    Args:
        names: Which ones, as specs call them.
        task: What the network tells.
    """

    def __init__(self, names: Sequence[str], task: Task) -> None:
        self._task = task
        self._metrics = MetricCollection({name: _metric(name, task) for name in names})
        self._outputs: list[torch.Tensor] = []
        self._targets: list[torch.Tensor] = []
        self._examples = self._values = 0

    def add(self, outputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Adds the outputs of a batch, `[batch, ...]`, and what they were to be."""
        self._outputs.append(outputs.detach())
        self._targets.append(targets)
        self._examples += len(outputs)
        self._values += outputs.numel()
        if self._examples >= BUFFERED or self._values >= MOST_VALUES:
            self._measure()

    def result(self) -> dict[str, torch.Tensor]:
        """Returns each metric by its name, over all processes, and begins anew."""
        self._measure()
        made: dict[str, torch.Tensor] = self._metrics.compute()
        self._metrics.reset()
        return made

    def forget(self) -> None:
        """Begins anew."""
        self._outputs, self._targets, self._examples, self._values = [], [], 0, 0
        self._metrics.reset()

    def _measure(self) -> None:
        if not self._outputs:
            return
        outputs, targets = torch.cat(self._outputs).float(), torch.cat(self._targets)
        self._outputs, self._targets, self._examples, self._values = [], [], 0, 0
        if self._metrics:
            self._metrics.to(outputs.device)
            self._metrics.update(*told(outputs, targets, self._task))


def told(
    outputs: torch.Tensor, targets: torch.Tensor, task: Task
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns outputs as probabilities, or values, and targets, in the form of the task."""
    if task.scores == "softmax":
        outputs = outputs.softmax(dim=1)
    elif task.scores == "sigmoid":
        outputs = outputs.sigmoid()
    if task.kind == "multiclass":
        return outputs, targets.argmax(dim=1) if targets.is_floating_point() else targets
    if task.kind == "binary":
        return outputs.reshape(-1), targets.reshape(-1).round().long()
    if task.kind == "multilabel":
        return outputs.flatten(1), targets.flatten(1).round().long()
    return outputs.contiguous(), targets.reshape(outputs.shape).to(outputs.dtype)


def _metric(name: str, task: Task) -> Metric:
    if name == "mae":
        return MeanAbsoluteError()
    if name == "mse":
        return MeanSquaredError()
    options: dict[str, Any] = {"task": task.kind, "validate_args": False}
    if task.kind == "multiclass":
        options |= {"num_classes": task.number, "average": "macro"}
    elif task.kind == "multilabel":
        options |= {"num_labels": task.number, "average": "macro"}
    if name in ("accuracy", "top_5_accuracy"):
        options |= {"average": "micro"}
    if name == "top_5_accuracy":
        return Accuracy(**options, top_k=5)
    made: Metric = _CLASSES[name](**options)
    return made
