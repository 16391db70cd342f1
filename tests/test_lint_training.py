"""The warnings about networks and the `train` section: classes, and softmax twice."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from archspec.diagnostics import Span
from archspec.frontend import Compiled, compile_text
from archspec.ir.graph import Node
from archspec.lint import Finding, Training, find
from archspec.training.data.dataset import load
from archspec.training.errors import TrainingError
from archspec.training.loop.trainable import check_trainable

TRAIN = "train: {data: {dataset: iris}, epochs: 1}"
IRIS = Training(3, "the data set iris", Span("a.yaml", 9), "cross_entropy", Span("a.yaml", 10))


def compiled(layers: str, rest: str = "") -> Compiled:
    """Returns a network that reads iris flowers."""
    text = f"name: a\ninputs: {{x: [4]}}\nlayers: [{layers}]\n{rest}\n{TRAIN}\n"
    return compile_text(text, "a.yaml")


def found(layers: str, rest: str = "", training: Training | None = IRIS) -> list[Finding]:
    """Returns what is found in a network that is trained on three classes."""
    return find(compiled(layers, rest).graph, training)


def said(findings: list[Finding]) -> list[str]:
    """Returns codes with the layers or inputs that they are about."""
    return [f"{f.code} {f.at.path if isinstance(f.at, Node) else f.at}" for f in findings]


HEAD = "auxiliary: {name: early, layers: ["

UNLIKE = {
    "linear: {name: a, out_features: 4}": ["W401 a"],
    "linear: {name: a, out_features: 1}, sigmoid": ["W401 a", "W402 sigmoid"],
    "linear: {name: a, out_features: 4}, softmax, dropout": ["W401 a", "W402 softmax"],
    f"{HEAD}linear: {{name: a, out_features: 10}}]}}, linear: 3": ["W401 early.a"],
    f"{HEAD}linear: 3]}}, linear: {{name: a, out_features: 10}}": ["W401 a"],
    "reshape: [2, 2], flatten": ["W401 flatten"],
}


@pytest.mark.parametrize(("layers", "expected"), UNLIKE.items())
def test_units_unlike_the_classes_are_found_where_they_are_decided(
    layers: str, expected: list[str]
) -> None:
    findings = found(layers)
    assert said(findings) == expected
    assert "the data set iris has 3 classes" in findings[0].message
    assert findings[0].others[0][0] == IRIS.classes_span


@pytest.mark.parametrize("layers", ["linear: 3", "linear: 3, softmax", "reshape: [2, 2]"])
def test_as_many_units_as_classes_are_fine_and_maps_are_not_judged(layers: str) -> None:
    assert found(layers) == []


def test_without_a_number_of_classes_or_a_train_section_nothing_is_said() -> None:
    assert found("linear: 4", training=IRIS._replace(classes=None)) == []
    assert found("linear: 4", training=IRIS._replace(loss="mean_squared_error")) == []
    assert found("linear: 4", training=None) == []


TWICE = {
    "linear: 3, softmax, dropout": ["W402 softmax"],
    "linear: 3, softmax, reshape: [3, 1], flatten": ["W402 softmax"],
    "linear: 3, softmax, dropout, softmax": ["W206 softmax_2"],
    "linear: 3, sigmoid, softmax": ["W402 sigmoid"],
    "linear: 3, sigmoid": ["W402 sigmoid"],
    "average: {a: [linear: 3, softmax], b: [linear: 3, softmax]}": ["W402 a.softmax"],
    f"{HEAD}linear: 3, softmax, identity]}}, linear: 3": ["W402 early.softmax"],
}


@pytest.mark.parametrize(("layers", "expected"), TWICE.items())
def test_a_loss_that_applies_softmax_twice_is_found(layers: str, expected: list[str]) -> None:
    assert said(found(layers)) == expected


@pytest.mark.parametrize(
    "end",
    ["identity", "softmax", "dropout, softmax", "log_softmax", "average: {a: [softmax], b: []}"],
)
def test_scores_and_a_final_softmax_are_fine(end: str) -> None:
    assert found(f"linear: 3, {end}") == []


def test_a_logarithm_of_softmax_goes_through_softmax_unharmed() -> None:
    scores, classes = torch.randn(20, 3), torch.arange(20) % 3
    once = cross_entropy(scores, classes)
    assert torch.allclose(cross_entropy(scores.log_softmax(1), classes), once)
    assert not torch.allclose(cross_entropy(scores.softmax(1), classes), once)


@pytest.mark.parametrize("end", ["sigmoid", "sigmoid, dropout"])
def test_what_training_refuses_for_its_end_is_warned_of(end: str) -> None:
    spec = compiled(f"linear: 3, {end}")
    assert spec.train is not None
    assert said(find(spec.graph, IRIS)) == ["W402 sigmoid"]
    data = load(spec.train.data, spec.graph.inputs["x"].type)
    with pytest.raises(TrainingError, match="ends in sigmoid"):
        check_trainable(spec.graph, spec.train, data)


BINARY = IRIS._replace(classes=2, loss="binary_cross_entropy")

UNDER_BINARY = {
    "linear: 1, sigmoid": [],
    "linear: 1": [],
    "linear: 2, sigmoid": [],
    "linear: {name: a, out_features: 3}, sigmoid": ["W401 a"],
    "linear: 1, sigmoid, dropout": ["W402 sigmoid"],
    "linear: 2, softmax": ["W402 softmax"],
}


@pytest.mark.parametrize(("layers", "expected"), UNDER_BINARY.items())
def test_binary_cross_entropy_has_one_unit_and_its_own_sigmoid(
    layers: str, expected: list[str]
) -> None:
    assert said(found(layers, training=BINARY)) == expected
