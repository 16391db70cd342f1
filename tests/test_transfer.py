"""Transfer learning: weights to start from, what is frozen, phases, features, rates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from test_resume import assert_same_files

from archspec.backends.torch import build
from archspec.backends.weights import load_weights
from archspec.frontend import Compiled, compile_text
from archspec.frontend.phases import stages_of
from archspec.training.data.dataset import load
from archspec.training.loop.engine import quiet, restored
from archspec.training.loop.features import cut
from archspec.training.loop.fitting import Fitting, fit
from archspec.training.loop.objective import main_input
from archspec.training.record.gradient_norms import read_norms
from archspec.training.record.report import Fitted
from archspec.training.run import train

NETWORK = """
name: small
inputs: {image: [1, 8, 8]}
blocks:
  layer:
    params: {out: int}
    layers:
      - conv2d: {out_channels: =out, kernel_size: 3, bias: false}
      - batch_norm
      - relu
layers:
  - layer: {name: low, out: 4}
  - layer: {name: high, out: 6}
  - flatten
  - dropout: 0.2
  - linear: {name: top, out_features: 10}
outputs: {logits: top}
"""

DATA = "data: {dataset: digits, preprocess: [rescale: 0.0625], split: {validation: 0.3, test: 0.7}}"

PHASES = (
    "freeze: [low, high], phases: [{epochs: 2}, {epochs: 2, unfreeze: high, lr: 0.0002}, "
    "{epochs: 1, unfreeze: low, batch_norm: trained, lr: 0.0001}]"
)


def compiled(settings: str, **more: str) -> Compiled:
    values = {f"train.{key.replace('__', '.')}": value for key, value in more.items()}
    return compile_text(f"{NETWORK}train: {{{settings}}}\n", "small.yaml", settings=values)


def fitted(settings: str, directory: Path, **more: str) -> Fitted:
    """Returns a run, or goes on with it if there is a checkpoint."""
    result = compiled(settings, **more)
    assert result.train is not None
    data = load(result.train.data, main_input(result.graph).type)
    with quiet(), restored():
        return fit(Fitting(result.graph, result.train, data, directory, "cpu"))


def last(directory: Path) -> Mapping[str, torch.Tensor]:
    return load_weights(directory / "checkpoints/last.ckpt")


def changed(before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor]) -> set[str]:
    """Returns what has changed but for counters, layer by layer."""
    return {
        name.rpartition(".")[0]
        for name in before
        if before[name].is_floating_point() and not torch.equal(before[name], after[name])
    }


@pytest.fixture(scope="module")
def phased(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Fitted]:
    directory = tmp_path_factory.mktemp("transfer") / "run"
    return directory, fitted(f"{DATA}, {PHASES}", directory)


def test_a_phase_trains_what_is_not_frozen_and_leaves_batch_norm_alone(tmp_path: Path) -> None:
    states = []
    for number in range(1, 4):
        result = compiled(f"{DATA}, {PHASES}")
        assert result.train is not None
        phases = result.train.phases[:number]
        spec = result.train.model_copy(update={"phases": phases})
        data = load(spec.data, main_input(result.graph).type)
        with quiet(), restored():
            fit(Fitting(result.graph, spec, data, tmp_path / f"{number}", "cpu"))
        states.append(last(tmp_path / f"{number}"))
    torch.manual_seed(0)  # which is train.seed
    initial = build(compiled(f"{DATA}, {PHASES}").graph).state_dict()
    assert changed(initial, states[0]) == {"top"}
    assert changed(states[0], states[1]) == {"top", "high.conv2d"}
    assert changed(states[1], states[2]) == {"top", "high.conv2d", "low.conv2d", "low.batch_norm"}


def test_phases_are_told_with_what_they_trained(phased: tuple[Path, Fitted]) -> None:
    directory, run = phased
    top, high, low = 6 * 16 * 10 + 10, 6 * 4 * 9, 4 * 9 + 2 * 4
    assert [tuple(phase) for phase in run.phases] == [
        (1, top), (3, top + high), (5, top + high + low),
    ]  # fmt: skip
    assert [row["epoch"] for row in run.rows] == [1, 2, 3, 4, 5]
    assert [row["lr"] for row in run.rows] == [0.001, 0.001, 0.0002, 0.0002, 0.0001]
    norms = read_norms(directory)
    assert norms is not None
    first, final = norms.values[0], norms.values[-1]
    learnt = [name for name, norm in zip(norms.layers, first, strict=True) if not math.isnan(norm)]
    assert learnt == ["top"]
    assert all(norm > 0 for norm in final)


def test_a_run_that_is_interrupted_after_each_epoch_comes_to_the_same(
    phased: tuple[Path, Fitted], tmp_path: Path
) -> None:
    directory, whole = phased
    for epoch in range(1, 5):  # each goes on for one epoch
        part = fitted(f"{DATA}, {PHASES}", tmp_path, stop_at="{train_loss: 1e9}")
        assert len(part.rows) == epoch
    resumed = fitted(f"{DATA}, {PHASES}", tmp_path)
    assert resumed._replace(seconds=0) == whole._replace(seconds=0)
    assert_same_files(tmp_path, directory)


SCHEDULED = (
    "freeze: [low, high], ema: 0.9, cache_features: true, learning_rates: {high: 0.1}, phases: "
    "[{epochs: 2, schedule: {plateau: {patience: 0}}, lr: 9}, "
    "{epochs: 2, unfreeze: high, schedule: one_cycle, optimizer: {sgd: {momentum: 0.9}}}]"
)


def test_averages_schedules_and_features_go_on_as_if_uninterrupted(tmp_path: Path) -> None:
    whole = fitted(f"{DATA}, {SCHEDULED}", tmp_path / "whole")
    for _ in range(3):
        fitted(f"{DATA}, {SCHEDULED}", tmp_path / "part", stop_at="{train_loss: 1e9}")
    resumed = fitted(f"{DATA}, {SCHEDULED}", tmp_path / "part")
    assert resumed._replace(seconds=0) == whole._replace(seconds=0)
    assert_same_files(tmp_path / "part", tmp_path / "whole")
    cycle = "epochs: 2, schedule: one_cycle, optimizer: {sgd: {momentum: 0.9}}"
    alone = fitted(f"{DATA}, {cycle}", tmp_path / "alone")
    assert [row["lr"] for row in whole.rows[2:]] == pytest.approx([r["lr"] for r in alone.rows])


def test_early_stopping_ends_a_phase_and_the_next_one_begins(tmp_path: Path) -> None:
    stopping = "early_stopping: {patience: 1, min_delta: 100}"  # nothing is an improvement
    settings = f"{DATA}, freeze: high, phases: [{{epochs: 9}}, {{epochs: 9, unfreeze: high}}]"
    whole = fitted(f"{settings}, {stopping}", tmp_path / "whole")
    assert [phase.first for phase in whole.phases] == [1, 3]
    assert len(whole.rows) == 4
    fitted(f"{settings}, {stopping}", tmp_path / "part", stop_at="{train_loss: 1e9}")
    fitted(f"{settings}, {stopping}", tmp_path / "part", stop_at="{train_loss: 1e9}")
    resumed = fitted(f"{settings}, {stopping}", tmp_path / "part")
    assert resumed._replace(seconds=0) == whole._replace(seconds=0)
    assert_same_files(tmp_path / "part", tmp_path / "whole")


EXTRACTING: Mapping[str, str] = {
    "phases": PHASES,
    "one": "freeze: [low, high], epochs: 3, schedule: one_cycle",
    "accumulated": "freeze: low, epochs: 2, gradient: {accumulate: 2}, optimizer: {sgd: {lr: 0.1}}",
    "averaged": "freeze: [low, high], epochs: 2, ema: 0.9",
}


@pytest.mark.parametrize("settings", EXTRACTING.values(), ids=EXTRACTING)
def test_cached_features_train_the_same_weights(settings: str, tmp_path: Path) -> None:
    plain = fitted(f"{DATA}, {settings}", tmp_path / "plain")
    cached = fitted(f"{DATA}, {settings}, cache_features: true", tmp_path / "cached")
    for one, other in zip(plain.rows, cached.rows, strict=True):
        assert one == pytest.approx(other, rel=1e-4)
    assert plain.test == pytest.approx(cached.test, rel=1e-4)
    for name, weights in last(tmp_path / "plain").items():
        torch.testing.assert_close(last(tmp_path / "cached")[name], weights, rtol=1e-4, atol=1e-6)


BRANCHING = """
name: branching
inputs: {image: [1, 8, 8]}
layers:
  - conv2d: {name: stem, out_channels: 4, kernel_size: 3, padding: 1}
  - conv2d: {name: middle, out_channels: 4, kernel_size: 3, padding: 1}
  - conv2d: {name: one, out_channels: 4, kernel_size: 3, padding: 1, output_l2: 0.01}
  - relu
  - add: [relu, stem]
  - auxiliary: {name: early, weight: 0.5, layers: [flatten, linear: 10]}
  - flatten
  - linear: 10
train:
  data: {dataset: digits, preprocess: [rescale: 0.0625], split: {validation: 0.3, test: 0.7}}
  freeze: [stem, middle]
  epochs: 2
"""


def test_features_of_several_layers_are_cached_side_by_side(tmp_path: Path) -> None:
    result = compile_text(BRANCHING, "b.yaml")
    assert result.train is not None
    data = load(result.train.data, main_input(result.graph).type)
    (stage,) = stages_of(result.graph, result.train)
    assert [value.name for value in cut(result.graph, stage.constant).values] == ["stem", "middle"]
    for name, cached in (("plain", False), ("cached", True)):
        spec = result.train.model_copy(update={"cache_features": cached})
        with quiet(), restored():
            fit(Fitting(result.graph, spec, data, tmp_path / name, "cpu"))
    for name, weights in last(tmp_path / "plain").items():
        torch.testing.assert_close(last(tmp_path / "cached")[name], weights, rtol=1e-4, atol=1e-6)


CLASSES = """
name: digit
params: {classes: 5}
inputs: {image: [1, 8, 8]}
layers:
  - group:
      name: base
      layers:
        - conv2d: {out_channels: 32, kernel_size: 3, padding: 1, bias: false}
        - batch_norm
        - relu
        - conv2d: {out_channels: 32, kernel_size: 3, padding: 1, stride: 2, bias: false}
        - batch_norm
        - relu
  - global_avg_pool2d
  - linear: {name: top, out_features: =classes}
"""


def archive(file: Path, half: slice, per_class: int, few: str = "") -> str:
    """Writes half of the digits, some in one class, and returns the `data` section for them."""
    digits = load_digits()
    images = digits.images[half][:, None].astype(np.float32) / 16
    np.savez(file, x=images, y=digits.target[half] // per_class)
    return f"data: {{npz: {file.name}, split: {{test: 0.6, validation: 0.1{few}}}}}"


def test_what_was_learnt_of_other_classes_helps_with_few_examples(tmp_path: Path) -> None:
    known = archive(tmp_path / "known.npz", slice(900), 1)
    new = archive(tmp_path / "new.npz", slice(900, None), 2, ", train: 20")
    start = "weights: {file: known, skip: top}, freeze: base"
    phases = "phases: [{epochs: 15, lr: 0.01}, {epochs: 10, unfreeze: base}]"
    found = {}
    for name, section in {
        "known": f"{known}, epochs: 20",
        "tuned": f"{new}, batch_size: 10, {start}, {phases}",
        "scratch": f"{new}, batch_size: 10, epochs: 25",
    }.items():
        text = f"{CLASSES}train: {{{section}}}\n"
        classes = {"classes": "10" if name == "known" else "5"}
        spec = compile_text(text, str(tmp_path / "digit.yaml"), settings=classes)
        assert spec.train is not None
        output = tmp_path / name
        run = train(
            spec.graph, spec.train, spec.resolved, output=output, device="cpu", report=False
        )
        found[name] = run.metrics["test"]["accuracy"]  # type: ignore[index]
    assert found["tuned"] > found["scratch"] + 0.03, found
