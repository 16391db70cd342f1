"""Names of layers in `train`, rates by them, and what phases and cached features refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from test_transfer import DATA, NETWORK, PHASES, compiled

from archspec.backends.torch import build
from archspec.cli import main
from archspec.diagnostics import SpecError
from archspec.frontend import compile_spec, compile_text
from archspec.frontend.train_schema import Optimizer
from archspec.training.data.dataset import load
from archspec.training.errors import TrainingError
from archspec.training.loop.objective import main_input
from archspec.training.loop.optimizers import optimizer_for, rate_of
from archspec.training.loop.schedules import schedules_for
from archspec.training.record.settings import settings
from archspec.training.run import train

FAULTS: Mapping[str, tuple[str, str, str]] = {
    "freeze: [low, hihg]": ("E106", "no layer is called `hihg`", "did you mean `high`?"),
    "phases: [{epochs: 1, freeze: lo}]": ("E106", "no layer is called `lo`", "`low`"),
    'learning_rates: {"*.wieght": 2}': ("E106", "no layer is called `*.wieght`", ""),
    "phases: [{epochs: 1, unfreeze: low}]": (
        "E103", "nothing that `low` names begins to learn", "`freeze` says which",
    ),
    "freeze: low, phases: [{epochs: 1, unfreeze: '*.batch_norm'}]": (
        "E103", "nothing that `*.batch_norm` names begins to learn", "batch_norm: trained",
    ),
    "freeze: [low, flatten]": (
        "E103", "nothing that `flatten` names has weights to freeze", "name layers with weights",
    ),
    "phases: [{epochs: 1, freeze: dropout}]": ("E103", "nothing that `dropout` names", ""),
    "learning_rates: {high.batch_norm.running_mean: 2}": (
        "E103", "`high.batch_norm.running_mean` names has weights that learn", "",
    ),
    "freeze: low, phases: [{epochs: 1, batch_norm: trained}]": (
        "E103", "`batch_norm: trained` is about the layers that `unfreeze` names", "",
    ),
    "weights: {file: f, skip: ['']}": ("E103", "must be a text that is not empty", ""),
    'weights: "a\\0b"': ("E103", "no file has a null character in its name", ""),
    "phases: [{epochs: 1, lr: 1, optimizer: sgd}]": ("E103", "say the rate once", ""),
    "phases: [{epochs: 1, schedule: one_cycle}], warmup: 1": ("E103", "one_cycle rises by", ""),
    "phases: [{epochs: 2}], epochs: 1": ("E103", "those of the phases, 2 together", ""),
}  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), FAULTS.items(), ids=FAULTS)
def test_faults_are_told_at_their_place(said: str, expected: tuple[str, str, str]) -> None:
    with pytest.raises(SpecError) as caught:
        compiled(f"{DATA}, {said}" + (", epochs: 1" if "phases" not in said else ""))
    (fault,) = caught.value.diagnostics
    code, message, help_ = expected
    assert fault.code == code
    assert message in fault.message
    assert help_ in fault.help
    assert fault.span.line == len(f"{NETWORK}train:".splitlines())


def test_a_use_of_weights_is_told_whose_they_are() -> None:
    text = NETWORK.replace("  - flatten\n", "  - reuse: {layer: high, name: again}\n  - flatten\n")
    text = text.replace("name: low, out: 4", "name: low, out: 6")
    with pytest.raises(SpecError) as caught:
        compile_text(f"{text}train: {{{DATA}, epochs: 1, freeze: again}}\n", "small.yaml")
    assert [(fault.message, fault.help) for fault in caught.value.diagnostics] == [(
        "nothing that `again` names has weights to freeze",
        "its weights are those of `high.conv2d`: name that",
    )]  # fmt: skip


def test_names_of_layers_and_weights_and_their_patterns_are_known() -> None:
    compiled(f'{DATA}, freeze: [low, "h*.conv?d"], learning_rates: {{"*.bias": 2}}, epochs: 1')


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("epochs: 1, freeze: '*'", "nothing to train: all parameters of small are frozen"),
        ("freeze: '*', phases: [{epochs: 1}]", "nothing to train in phase 1: all parameters"),
        ("epochs: 1, cache_features: true", "no features to cache: `low.conv2d` is trained"),
    ],
)
def test_runs_that_cannot_be_are_refused_before_they_begin(
    said: str, fault: str, tmp_path: Path
) -> None:
    result = compiled(f"{DATA}, {said}")
    assert result.train is not None
    with pytest.raises(TrainingError, match=re.escape(fault)):
        train(result.graph, result.train, result.resolved, output=tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_features_are_not_cached_behind_what_changes_examples() -> None:
    augmented = DATA.replace("dataset", "augment: {rotation_range: 9}, dataset")
    with pytest.raises(SpecError, match="`augment` changes them in each epoch"):
        compiled(f"{augmented}, epochs: 1, freeze: low, cache_features: true")


def test_a_resumed_run_keeps_its_phases_but_for_the_length_of_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(f"{NETWORK}train: {{{DATA}, {PHASES}}}\n")
    run = compile_spec("small.yaml")
    assert run.train is not None
    output = tmp_path / "run"
    train(run.graph, run.train, run.resolved, output=output, device="cpu", report=False)
    more = ["train", "--resume", "run", "--device", "cpu", "--set"]
    assert main([*more, "train.seed=0"]) == 2
    assert "--set train.phases.2.epochs=2" in capsys.readouterr().err
    assert main([*more, "train.phases.1.epochs=3"]) == 1
    assert "but `train.phases` is changed" in capsys.readouterr().err
    assert main([*more, "train.phases.2.epochs=2"]) == 0
    assert len((tmp_path / "run/metrics.csv").read_text().splitlines()) == 1 + 6
    page = (tmp_path / "run/report.html").read_text()
    assert '<td>2</td><td>3 to 4</td><td class="path"></td><td class="path">high</td>' in page


def test_phases_are_settings_of_their_own() -> None:
    spec = compiled(f"{DATA}, {PHASES}").train
    assert spec is not None
    told = settings(spec)
    assert told["phases.0.epochs"] == "2"
    assert told["phases.1.unfreeze"] == "high"
    assert told["phases.2.batch_norm"] == "trained"


FACTORS = {"low": 0.1, "*.bias": 2.0}


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "adagrad", "rmsprop"])
def test_the_first_pattern_that_matches_says_the_rate(name: str) -> None:
    network = build(compiled(f"{DATA}, epochs: 1").graph)
    spec = Optimizer.model_validate({name: {"lr": 0.5}})
    optimizer = optimizer_for(spec, network, factors=FACTORS)
    rates = {id(w): group["lr"] for group in optimizer.param_groups for w in group["params"]}
    named = {name: rates[id(weight)] for name, weight in network.named_parameters()}
    assert named == {
        "low.conv2d.weight": 0.05, "low.batch_norm.weight": 0.05, "low.batch_norm.bias": 0.05,
        "high.conv2d.weight": 0.5, "high.batch_norm.weight": 0.5, "high.batch_norm.bias": 1.0,
        "top.weight": 0.5, "top.bias": 1.0,
    }  # fmt: skip
    assert rate_of(optimizer) == 0.5


SCHEDULES = (
    "step: {step_size: 1}", "multi_step: {milestones: [1]}", "exponential: {gamma: 0.5}",
    "cosine: {eta_min: 0.05}", "one_cycle: {}",
)  # fmt: skip


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_keep_the_factors_and_the_rate_is_that_without(schedule: str) -> None:
    warm = "" if "cycle" in schedule else ", warmup: 1"
    given = f"{DATA}, optimizer: {{sgd: {{lr: 0.4}}}}, schedule: {{{schedule}}}, epochs: 4{warm}"
    spec = compiled(given).train
    assert spec is not None
    seen = []
    for factors in ({}, FACTORS):
        network = build(compiled(given).graph)
        optimizer = optimizer_for(spec.optimizer, network, factors=factors)
        schedules = schedules_for(spec, optimizer, steps=12, batches=3)
        rates = []
        for step in range(12):
            groups = [group["lr"] for group in optimizer.param_groups]
            rates.append(groups)
            optimizer.step()
            for each in schedules:
                if (step + 1) % each["frequency"] == 0:
                    each["scheduler"].step()
        seen.append(torch.tensor(rates, dtype=torch.float64))
    plain, grouped = seen
    expected = plain * torch.tensor([1.0, 0.1, 2.0], dtype=torch.float64)
    torch.testing.assert_close(grouped, expected, rtol=1e-9, atol=1e-12)
    assert len(set(plain[:, 0].tolist())) > 1


def test_no_more_examples_are_trained_on_than_asked_for() -> None:
    data = DATA.replace("validation: 0.3, test: 0.7", "validation: 100, train: 50")
    spec = compiled(f"{data}, epochs: 1")
    assert spec.train is not None
    splits = load(spec.train.data, main_input(spec.graph).type).splits
    assert [splits[name].number for name in ("train", "validation", "test")] == [50, 100, 360]
    assert splits["train"].targets.bincount().tolist() == [5] * 10
    apart = [set(examples.indices.tolist()) for examples in splits.values()]
    assert not apart[0] & (apart[1] | apart[2])
