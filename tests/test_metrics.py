"""Metrics against scikit-learn's, in batches of any size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn import metrics

from archspec.frontend import compile_text
from archspec.training.data.dataset import load
from archspec.training.errors import TrainingError
from archspec.training.loop.means import Means
from archspec.training.loop.metrics import Gathered
from archspec.training.loop.objective import main_input
from archspec.training.loop.task import Task
from archspec.training.loop.trainable import check_trainable

GENERATOR = torch.Generator().manual_seed(0)
SCORES = torch.randn(300, 7, generator=GENERATOR)
CLASSES = torch.randint(0, 7, (300,), generator=GENERATOR)
LABELS = torch.randint(0, 2, (300, 7), generator=GENERATOR)
MEASURES: dict[str, Callable[..., float]] = {
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "f1": metrics.f1_score,
}


def gathered(
    task: Task, outputs: torch.Tensor, targets: torch.Tensor, *names: str
) -> dict[str, float]:
    made = Gathered(names, task)
    for start, end in ((0, 1), (1, 90), (90, 300)):
        made.add(outputs[start:end], targets[start:end])
    return {name: float(value) for name, value in made.result().items()}


def agree(made: dict[str, float], **expected: float) -> None:
    assert made == pytest.approx({name: float(value) for name, value in expected.items()}, rel=1e-5)


@pytest.mark.parametrize("one_hot", [False, True])
def test_metrics_of_classes_are_scikit_learns(one_hot: bool) -> None:
    targets = torch.nn.functional.one_hot(CLASSES).float() if one_hot else CLASSES
    names = ("accuracy", "top_5_accuracy", "auc", *MEASURES)
    said = SCORES.argmax(dim=1)
    macro = {name: f(CLASSES, said, average="macro") for name, f in MEASURES.items()}
    agree(
        gathered(Task("multiclass", 7, "softmax"), SCORES, targets, *names),
        accuracy=metrics.accuracy_score(CLASSES, said),
        top_5_accuracy=metrics.top_k_accuracy_score(CLASSES, SCORES, k=5),
        auc=metrics.roc_auc_score(CLASSES, SCORES.softmax(dim=1), multi_class="ovr"),
        **macro,
    )


def test_metrics_of_yes_and_no_are_scikit_learns() -> None:
    yes, scores = (CLASSES > 3).long(), SCORES[:, :1]
    said = scores[:, 0] > 0
    agree(
        gathered(Task("binary", 2, "sigmoid"), scores, yes, "accuracy", "auc", *MEASURES),
        accuracy=metrics.accuracy_score(yes, said),
        auc=metrics.roc_auc_score(yes, scores[:, 0]),
        **{name: f(yes, said) for name, f in MEASURES.items()},
    )


def test_metrics_of_labels_are_scikit_learns() -> None:
    said = SCORES > 0
    agree(
        gathered(
            Task("multilabel", 7, "sigmoid"), SCORES, LABELS.float(), "accuracy", "auc", *MEASURES
        ),
        accuracy=np.mean(said.numpy() == LABELS.numpy()),
        auc=metrics.roc_auc_score(LABELS, SCORES),
        **{name: f(LABELS, said, average="macro") for name, f in MEASURES.items()},
    )


def test_metrics_of_values_are_scikit_learns() -> None:
    values = CLASSES.float()[:, None]
    agree(
        gathered(Task("values", 1, ""), SCORES[:, :1], values, "mae", "mse"),
        mae=metrics.mean_absolute_error(values, SCORES[:, :1]),
        mse=metrics.mean_squared_error(values, SCORES[:, :1]),
    )


def test_each_epoch_begins_anew() -> None:
    made = Gathered(["accuracy"], Task("multiclass", 7, "softmax"))
    for targets, expected in ((SCORES.argmax(1), 1.0), ((SCORES.argmax(1) + 1) % 7, 0.0)):
        made.add(SCORES, targets)
        assert float(made.result()["accuracy"]) == expected


def test_means_count_batches_by_their_mass() -> None:
    means = Means()
    means.add({"loss": torch.tensor(1.0)}, 3.0)
    means.add({"loss": torch.tensor(5.0)}, torch.tensor(1.0))
    assert means.finite
    assert float(means.result()["loss"]) == 2.0
    assert means.result() == {}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("[mae]", "mae cannot be measured where the network tells classes"),
        ("[top_5_accuracy]", "of 3 classes, the right one is always among the first 5"),
    ],
)
def test_a_metric_for_something_else_is_refused(said: str, message: str) -> None:
    text = "name: net\ninputs: {x: [4]}\nlayers: [linear: 3]\n"
    train = f"train: {{data: {{dataset: iris}}, metrics: {said}, epochs: 1}}\n"
    result = compile_text(text + train, "net.yaml")
    assert result.train is not None
    data = load(result.train.data, main_input(result.graph).type)
    with pytest.raises(TrainingError, match=message) as caught:
        check_trainable(result.graph, result.train, data)
    assert caught.value.place == ("train", "metrics")
