"""Runs that are resumed: they come to the weights of a run that was never interrupted."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from archspec.backends.weights import load_weights
from archspec.frontend import compile_text
from archspec.training.data.dataset import load
from archspec.training.loop.engine import quiet, restored
from archspec.training.loop.fitting import Fitting, fit
from archspec.training.loop.objective import main_input
from archspec.training.record.report import Fitted

NETWORK = """
name: small
inputs: {image: [1, 8, 8]}
layers:
  - conv2d: {out_channels: 4, kernel_size: 3}
  - batch_norm
  - relu
  - dropout: 0.2
  - flatten
  - linear: 10
"""

DATA = "data: {dataset: digits, preprocess: [rescale: 0.0625], split: {validation: 0.3, test: 0.7}}"

SETTINGS: Mapping[str, str] = {
    "adam": f"{DATA}, batch_size: 64",
    "cosine": f"{DATA}, optimizer: {{sgd: {{momentum: 0.9}}}}, schedule: cosine, warmup: 1",
    "step": f"{DATA}, schedule: {{step: {{step_size: 1}}}}, gradient: {{accumulate: 2}}",
    "one_cycle": f"{DATA}, schedule: one_cycle, optimizer: rmsprop, steps_per_epoch: 3",
    "plateau": f"{DATA}, schedule: {{plateau: {{patience: 0}}}}, optimizer: {{sgd: {{lr: 9}}}}",
    "ema": f"{DATA}, ema: 0.9, optimizer: adamw, early_stopping: {{patience: 3}}",
    "augmented": DATA.replace("dataset", "augment: {rotation_range: 9, mixup: 0.2}, dataset"),
    "ordered": DATA.replace("dataset", "shuffle: false, dataset") + ", steps_per_epoch: 5",
    "read": DATA.replace("dataset", "in_memory: false, workers: 2, dataset"),
}


def fitted(settings: str, directory: Path, **more: str) -> Fitted:
    """Returns a run of four epochs, or goes on with it if there is a checkpoint."""
    text = f"{NETWORK}train: {{{settings}, epochs: 4}}\n"
    values = {f"train.{key}": value for key, value in more.items()}
    result = compile_text(text, "small.yaml", settings=values)
    assert result.train is not None
    data = load(result.train.data, main_input(result.graph).type)
    with quiet(), restored():
        return fit(Fitting(result.graph, result.train, data, directory, "cpu"))


def rows(directory: Path) -> list[dict[str, str]]:
    with (directory / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def assert_same_files(first: Path, second: Path) -> None:
    """Checks that two runs have come to the same, to the last bit."""
    assert rows(first) == rows(second)
    for file in ("checkpoints/best.ckpt", "checkpoints/last.ckpt"):
        states = [load_weights(directory / file) for directory in (first, second)]
        assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_resumed_run_comes_to_what_it_would_have_come_to(settings: str, tmp_path: Path) -> None:
    whole = fitted(settings, tmp_path / "whole")
    part = fitted(settings, tmp_path / "part", stop_at="{train_loss: 1e9}")
    assert len(part.rows) == 1
    (tmp_path / "part").rename(tmp_path / "moved")
    resumed = fitted(settings, tmp_path / "moved")
    assert resumed._replace(seconds=0) == whole._replace(seconds=0)
    assert len(whole.rows) == 4
    assert_same_files(tmp_path / "moved", tmp_path / "whole")
