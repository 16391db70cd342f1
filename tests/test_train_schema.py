"""The `train` section: its short forms mean what its long forms mean, and its limits hold."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from archspec.frontend.train_schema import Optimizer, Split, Step, TrainSpec

DATA = {"dataset": "digits"}


def test_a_bare_name_is_the_choice_with_its_defaults() -> None:
    short = TrainSpec.model_validate(
        {"data": DATA, "epochs": 1, "loss": "cross_entropy", "optimizer": "adam"}
    )
    long = TrainSpec.model_validate(
        {
            "data": {**DATA, "preprocess": [], "split": {"test": 0.2, "validation": 0, "seed": 0}},
            "epochs": 1,
            "loss": {"cross_entropy": {"label_smoothing": 0}},
            "optimizer": {"adam": {"lr": 0.001, "betas": [0.9, 0.999], "weight_decay": 0}},
            "batch_size": 32,
            "seed": 0,
        }
    )
    assert short == long == TrainSpec.model_validate({"data": DATA, "epochs": 1})


def test_a_size_alone_is_a_bilinear_resize() -> None:
    short = Step.model_validate({"resize": [4, 5]})
    assert short == Step.model_validate({"resize": {"size": [4, 5], "interpolation": "bilinear"}})


def test_a_choice_says_what_was_chosen() -> None:
    chosen = Optimizer.model_validate({"sgd": {"lr": 0.1, "momentum": 0.9}})
    assert chosen.name == "sgd"
    assert chosen.options.model_dump() == {
        "lr": 0.1, "momentum": 0.9, "weight_decay": 0.0, "nesterov": False,
    }  # fmt: skip


@pytest.mark.parametrize("value", [{}, {"adam": {}, "sgd": {}}, {"adam": None}])
def test_a_choice_is_exactly_one(value: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="choose one of adam, adamw, sgd, adagrad, rmsprop"):
        Optimizer.model_validate(value)


def test_the_epochs_of_phases_are_those_of_the_run() -> None:
    spec = TrainSpec.model_validate(
        {"data": DATA, "freeze": "base", "phases": [{"epochs": 2}, {"epochs": 3, "lr": 0.5}]}
    )
    assert spec.epochs == 5
    assert spec.freeze == ["base"]
    first, second = (spec.during(phase) for phase in spec.phases)
    assert (first.epochs, second.epochs) == (2, 3)
    assert first.optimizer == spec.optimizer
    assert second.optimizer == Optimizer.model_validate({"adam": {"lr": 0.5}})


def test_a_portion_is_a_fraction_or_a_count() -> None:
    assert isinstance(Split(test=0.25).test, float)
    assert isinstance(Split(test=45).test, int)


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"optimizer": {"adam": {"lr": float("nan")}}}, "optimizer.adam.lr"),
        ({"optimizer": {"adam": {"lr": float("inf")}}}, "optimizer.adam.lr"),
        ({"optimizer": {"adam": {"lr": 1e300}}}, "optimizer.adam.lr"),
        ({"optimizer": {"sgd": {"weight_decay": 1e300}}}, "optimizer.sgd.weight_decay"),
        ({"batch_size": 10**20}, "batch_size"),
        ({"epochs": 10**20}, "epochs"),
        ({"data": {**DATA, "preprocess": [{"rescale": -1e300}]}}, "data.preprocess.0.rescale"),
        ({"data": {**DATA, "preprocess": [{"resize": [8, 8193]}]}}, "data.preprocess.0.resize"),
        (
            {"data": {**DATA, "preprocess": [{"normalize": {"mean": [1e300], "std": [1]}}]}},
            "data.preprocess.0.normalize.mean",
        ),
        ({"optimizer": {"sgd": {"nesterov": True}}}, "optimizer.sgd"),
        ({"optimizer": "lion"}, "optimizer.lion"),
        ({"loss": {"cross_entropy": {"label_smoothing": 1.0}}}, "loss.cross_entropy."),
        ({"data": {**DATA, "split": {"test": -1}}}, "data.split.test"),
        ({"data": {**DATA, "split": {"folds": 1}}}, "data.split.folds"),
        ({"data": {**DATA, "split": {"folds": 5, "validation": 0.1}}}, "data.split"),
        ({"data": {**DATA, "split": {"shuffle": False, "stratify": True}}}, "data.split"),
        ({"data": {**DATA, "split": {"test": 1.5}}}, "data.split.test"),
        ({"data": {**DATA, "split": {"train": 0}}}, "data.split.train"),
        ({"phases": [{"epochs": 0}]}, "phases.0.epochs"),
        ({"phases": [{}]}, "phases.0.epochs"),
        ({"phases": [{"epochs": 1, "batch_norm": "still"}]}, "phases.0.batch_norm"),
        ({"weights": ""}, "weights.file"),
        ({"freeze": [""]}, "freeze.0"),
        ({"learning_rates": {"base": 0}}, "learning_rates.base"),
        ({"data": {**DATA, "split": {"test": float("inf")}}}, "data.split.test"),
        ({"data": {**DATA, "preprocess": [{"resize": [3]}]}}, "data.preprocess.0.resize"),
        ({"data": {"dataset": "imagenet"}}, "data.dataset"),
        ({"data": {}}, "data"),
        ({"data": {"dataset": "iris", "npz": "iris.npz"}}, "data"),
        ({"data": {**DATA, "channels_last": True}}, "data"),
        ({"data": {**DATA, "classes": ["a", "b"]}}, "data"),
        ({"data": {"npz": "a.npz", "classes": ["a"]}}, "data.classes"),
        ({"data": {"npz": ""}}, "data.npz"),
        ({"data": {**DATA, "sample_weights": "w"}}, "data"),
        ({"data": {**DATA, "augment": {"zoom_range": [1.2, 0.8]}}}, "data.augment"),
        ({"data": {**DATA, "augment": {"zoom_range": 1.0}}}, "data.augment"),
        ({"data": {**DATA, "augment": {"fill_mode": "mirror"}}}, "data.augment.fill_mode"),
        ({"data": {"table": {"file": "a.csv"}}}, "data.table.target"),
        ({"gradient": {"clip_norm": 1, "clip_value": 1}}, "gradient"),
        ({"batch_size": "full", "gradient": {"accumulate": 2}}, ""),
        ({"schedule": {"cosine": {}, "plateau": {}}}, "schedule"),
        ({"schedule": "step"}, "schedule.step.step_size"),
        ({"monitor": "test_loss"}, "monitor"),
        ({"stop_at": {"loss": 0.1}}, "stop_at.loss"),
        ({"metrics": ["accuracy", "speed"]}, "metrics.1"),
        ({"early_stopping": {"patience": 0}}, "early_stopping.patience"),
    ],
)
def test_limits_hold(section: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TrainSpec.model_validate({"data": DATA, "epochs": 1, **section})
    assert all(
        ".".join(map(str, error["loc"])).startswith(fault) for error in caught.value.errors()
    )
