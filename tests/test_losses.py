"""Losses against Keras and torch, and what they ask of networks, classes and values."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from torch.nn import functional

from archspec.frontend import compile_text
from archspec.frontend.train_schema import Loss
from archspec.training.data.dataset import Dataset, Examples
from archspec.training.errors import TrainingError
from archspec.training.loop.losses import loss_function
from archspec.training.loop.module import TrainingModule
from archspec.training.loop.output_agreement import check_output
from archspec.training.loop.task import Task, task_of
from archspec.training.loop.trainable import check_trainable

os.environ["KERAS_BACKEND"] = "torch"

GENERATOR = torch.Generator().manual_seed(0)
SCORES = torch.randn(12, 5, generator=GENERATOR)
CLASSES = torch.randint(0, 5, (12,), generator=GENERATOR)
ONE_HOT = functional.one_hot(CLASSES, 5).float()
WEIGHTS = torch.rand(12, generator=GENERATOR) + 0.1


def loss_of(
    said: object,
    outputs: torch.Tensor,
    targets: torch.Tensor,
    weights: torch.Tensor | None = None,
) -> float:
    return loss_function(Loss.model_validate(said))(outputs, targets, weights).item()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropies_are_those_of_keras(smoothing: float) -> None:
    import keras

    options = {"label_smoothing": smoothing}
    crisp = keras.losses.CategoricalCrossentropy(from_logits=True, **options)
    made = loss_of({"cross_entropy": options}, SCORES, CLASSES)
    assert made == pytest.approx(float(crisp(ONE_HOT, SCORES)), rel=1e-5)
    assert loss_of({"cross_entropy": options}, SCORES, ONE_HOT) == pytest.approx(made, rel=1e-6)
    binary = keras.losses.BinaryCrossentropy(from_logits=True, **options)
    made = loss_of({"binary_cross_entropy": options}, SCORES, ONE_HOT)
    assert made == pytest.approx(float(binary(ONE_HOT, SCORES)), rel=1e-5)
    yes = (CLASSES > 2).long()
    made = loss_of({"binary_cross_entropy": options}, SCORES[:, :1], yes)
    assert made == pytest.approx(float(binary(yes[:, None].float(), SCORES[:, :1])), rel=1e-5)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("mse", functional.mse_loss(SCORES, ONE_HOT)),
        ("mae", functional.l1_loss(SCORES, ONE_HOT)),
        ({"huber": {"delta": 0.5}}, functional.huber_loss(SCORES, ONE_HOT, delta=0.5)),
    ],
)
def test_losses_of_values_are_those_of_torch(said: object, expected: torch.Tensor) -> None:
    assert loss_of(said, SCORES, ONE_HOT) == pytest.approx(expected.item())
    assert loss_of(said, SCORES[:, 0], SCORES[:, :1]) == 0


def test_weights_of_classes_are_those_of_torch() -> None:
    of_classes = torch.tensor([1.0, 2.0, 0.5, 3.0, 0.1])
    expected = functional.cross_entropy(SCORES, CLASSES, weight=of_classes)
    assert loss_of("cross_entropy", SCORES, CLASSES, of_classes[CLASSES]) == pytest.approx(
        expected.item()
    )


@pytest.mark.parametrize("said", ["cross_entropy", "binary_cross_entropy", "mse", "mae", "huber"])
def test_a_weight_counts_as_often_as_an_example(said: str) -> None:
    often = torch.tensor([1, 3] + [0] * 10).float()
    copies = torch.tensor([0, 1, 1, 1])
    weighted = loss_of(said, SCORES, ONE_HOT, often)
    assert weighted == pytest.approx(loss_of(said, SCORES[copies], ONE_HOT[copies]), rel=1e-5)


def data_of(targets: torch.Tensor, classes: int) -> Dataset:
    part = Examples(np.arange(len(targets)), torch.zeros(len(targets), 4), targets)
    names = tuple(map(str, range(classes)))
    return Dataset("made", names, {"train": part, "validation": part, "test": part})


NUMBERS = data_of(CLASSES % 2, 2)
THREE = data_of(CLASSES % 3, 3)
ROWS = data_of(functional.one_hot(CLASSES % 3).float(), 3)
VALUES = data_of(SCORES[:, :1], 0)
LABELS = data_of((SCORES > 0).float(), 0)
WHOLE = data_of((CLASSES % 3).float()[:, None], 0)
TWO_ROWS = data_of(functional.one_hot(CLASSES % 2).float(), 2)

FITTING = [
    ("linear: 3", "cross_entropy", THREE, Task("multiclass", 3, "softmax")),
    ("linear: 3", "cross_entropy", ROWS, Task("multiclass", 3, "softmax")),
    ("linear: 1, sigmoid", "binary_cross_entropy", NUMBERS, Task("binary", 2, "sigmoid")),
    ("linear: 3, sigmoid", "binary_cross_entropy", ROWS, Task("multiclass", 3, "sigmoid")),
    ("linear: 5, sigmoid", "binary_cross_entropy", LABELS, Task("multilabel", 5, "sigmoid")),
    ("linear: 3, softmax", "mse", ROWS, Task("multiclass", 3, "")),
    ("linear: 1", "huber", VALUES, Task("values", 1, "")),
]

UNFIT = [
    ("linear: 3", "cross_entropy", VALUES, "made has values to predict", "loss: mse"),
    ("linear: 1", "cross_entropy", NUMBERS, "made has 2 classes", "end with `linear: 2`"),
    ("linear: 1", "binary_cross_entropy", THREE, "made has 3 classes", "end with `linear: 3`"),
    ("linear: 4", "binary_cross_entropy", NUMBERS, "made has 2 classes", "end with `linear: 1`"),
    ("linear: 3", "binary_cross_entropy", THREE, "each of the 3 outputs by itself", "one_hot"),
    ("linear: 1", "binary_cross_entropy", VALUES, "targets from 0 to 1", "use `loss: mse`"),
    ("linear: 3", "binary_cross_entropy", WHOLE, "targets from 0 to 1", "if 0 to 2 are those of"),
    ("linear: 3", "cross_entropy", WHOLE, "has values to predict", "write `targets: classes`"),
    ("linear: 1", "binary_cross_entropy", TWO_ROWS, "one-hot rows of 2 values", "leave `one_hot`"),
    ("linear: 1", "mse", THREE, "made has classes", "one_hot"),
    ("linear: 2", "mae", VALUES, "made has targets of 1", "end with `linear: 1`"),
    ("linear: 3, softmax", "binary_cross_entropy", ROWS, "in softmax", "final sigmoid is fine"),
    ("linear: 3, sigmoid", "cross_entropy", THREE, "ends in sigmoid", "final softmax is fine"),
]  # fmt: skip


def check(layers: str, loss: str, data: Dataset) -> Task:
    text = f"name: net\ninputs: {{x: [4]}}\nlayers: [{layers}]\n"
    result = compile_text(
        f"{text}train: {{data: {{dataset: iris}}, loss: {loss}, epochs: 1}}\n", "net.yaml"
    )
    assert result.train is not None
    ((name, output),) = result.graph.outputs.items()
    check_output(result.graph, name, output, data, loss)
    check_trainable(result.graph, result.train, data)
    return task_of(result.train, data, output.type.example)


@pytest.mark.parametrize(("layers", "loss", "data", "task"), FITTING)
def test_what_fits_is_trained_for_its_task(
    layers: str, loss: str, data: Dataset, task: Task
) -> None:
    assert check(layers, loss, data) == task


@pytest.mark.parametrize(("layers", "loss", "data", "message", "remedy"), UNFIT)
def test_what_does_not_fit_is_told_with_its_place_and_the_remedy(
    layers: str, loss: str, data: Dataset, message: str, remedy: str
) -> None:
    with pytest.raises(TrainingError) as caught:
        check(layers, loss, data)
    assert message in caught.value.message
    assert remedy in caught.value.help
    assert caught.value.place


def test_a_network_that_ends_in_sigmoid_is_trained_on_its_scores() -> None:
    text = "name: net\ninputs: {x: [4]}\nlayers: [linear: 1, sigmoid]\n"
    result = compile_text(
        f"{text}train: {{data: {{dataset: iris}}, loss: binary_cross_entropy, epochs: 1}}\n", "a"
    )
    assert result.train is not None
    module = TrainingModule(result.graph, result.train, Task("binary", 2, "sigmoid"))
    with torch.no_grad():
        module.network.get_parameter("linear.weight").mul_(1e4)
    inputs, yes = torch.randn(12, 4), CLASSES > 2
    loss, scores, _ = module.judge((inputs, yes))
    assert scores.abs().max() > 100  # its sigmoid would be 0 or 1, and the loss infinite
    expected = functional.binary_cross_entropy_with_logits(scores[:, 0], yes.float())
    torch.testing.assert_close(loss, expected)
