"""What is logged while a run trains: metrics of epochs, TensorBoard, gradient norms."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning import LightningModule, Trainer
from runs import trained
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from archspec.frontend import compile_text
from archspec.training.loop.engine import quiet
from archspec.training.record import gradient_norms
from archspec.training.record.gradient_norms import GradientNorms, by_depth, read_norms
from archspec.training.record.loggers import EpochTable, loggers
from archspec.training.run import Run, train


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(
        "iris", tmp_path_factory.mktemp("logs") / "run", epochs=4, data__split__validation=0.2
    )


def rows(directory: Path) -> list[dict[str, str]]:
    with (directory / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_tensorboard_reads_what_metrics_csv_says(run: Run) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorboard's own, about its dependencies
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(run.directory / "tensorboard"))
        events.Reload()
    written = rows(run.directory)
    for name in ("train_loss", "validation_accuracy", "lr"):
        told = events.Scalars(name)
        assert [event.step for event in told] == [int(row["step"]) for row in written]
        assert [event.value for event in told] == pytest.approx(
            [float(row[name]) for row in written]
        )


def table(directory: Path, *metrics: dict[str, float]) -> EpochTable:
    made = EpochTable(directory)
    for row in metrics:
        made.log_metrics(row, step=int(row["epoch"]) * 10)
    return made


def test_a_resumed_run_goes_on_with_the_table_and_drops_what_is_void(tmp_path: Path) -> None:
    table(tmp_path, *({"epoch": epoch, "train_loss": 1 / epoch} for epoch in (1, 2, 3)))
    resumed = table(tmp_path, {"epoch": 3, "train_loss": 9.0}, {"epoch": 4, "train_loss": 0.1})
    assert [(row["epoch"], row["train_loss"]) for row in rows(tmp_path)] == [
        ("1", "1.0"), ("2", "0.5"), ("3", "9.0"), ("4", "0.1"),
    ]  # fmt: skip
    assert (resumed.step_of(3), resumed.step_of(7)) == (30, 0)


def test_a_metric_that_comes_later_gets_a_column(tmp_path: Path) -> None:
    table(tmp_path, {"epoch": 1, "lr": 0.1}, {"epoch": 2, "lr": 0.1, "train_loss": 0.5})
    assert (tmp_path / "metrics.csv").read_text() == (
        "epoch,lr,step,train_loss\n1,0.1,10,\n2,0.1,20,0.5\n"
    )


def test_a_row_that_finds_no_room_leaves_those_before_it_whole(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    made = table(tmp_path, {"epoch": 1, "train_loss": 0.5})
    before = (tmp_path / "metrics.csv").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 3, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            made.log_metrics({"epoch": 2, "train_loss": 0.25}, step=20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert (tmp_path / "metrics.csv").read_bytes() == before


def test_metrics_of_no_epoch_are_no_row(tmp_path: Path) -> None:
    EpochTable(tmp_path).log_metrics({"train_loss": 1.0}, step=1)
    assert not (tmp_path / "metrics.csv").exists()


def test_tensorboard_forgets_the_steps_after_the_epoch_that_is_resumed(tmp_path: Path) -> None:
    table(tmp_path, {"epoch": 1, "train_loss": 1.0}, {"epoch": 2, "train_loss": 0.5})
    _, board = loggers(tmp_path, resumed=1)
    assert board._kwargs["purge_step"] == 11  # type: ignore[attr-defined]


class Linear(LightningModule):
    """A network whose gradients are known: the loss is the mean of its output."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1, bias=False))

    def training_step(self, batch: list[torch.Tensor], _index: int) -> torch.Tensor:
        out: torch.Tensor = self.network(batch[0])
        return out.mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.0)


def fit(directory: Path, steps: int) -> GradientNorms:
    torch.manual_seed(0)
    norms = GradientNorms(directory)
    with quiet():
        trainer = Trainer(
            accelerator="cpu", max_steps=steps, callbacks=[norms], logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
        trainer.fit(Linear(), DataLoader(TensorDataset(torch.ones(steps, 3))))
    return norms


def test_norms_are_those_of_the_gradients_of_a_layer_together(tmp_path: Path) -> None:
    fit(tmp_path, 1)
    read = read_norms(tmp_path)
    assert read is not None
    assert (list(read.steps), list(read.layers)) == ([1], ["0", "1"])
    torch.manual_seed(0)
    network = Linear().network
    network(torch.ones(1, 3)).mean().backward()
    wanted = [
        torch.cat([w.grad.flatten() for w in layer.parameters() if w.grad is not None]).norm()
        for layer in network
    ]
    assert read.values[0] == pytest.approx([float(norm) for norm in wanted], rel=1e-5)


def test_a_long_run_is_sampled_evenly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_norms, "MOST", 8)
    fit(tmp_path, 40)
    read = read_norms(tmp_path)
    assert read is not None
    assert list(read.steps) == [1, 9, 17, 25, 33]


def test_a_resumed_run_goes_on_with_its_norms(tmp_path: Path) -> None:
    state = fit(tmp_path, 3).state_dict()
    again = GradientNorms(tmp_path)
    again.load_state_dict(state)
    assert again.state_dict()["steps"] == [1, 2, 3]
    assert torch.equal(again.state_dict()["norms"], state["norms"])


DEEP = """
name: deep
inputs: {image: [1, 8, 8]}
blocks:
  plain: {layers: [conv2d: {out_channels: 8, kernel_size: 3, padding: 1}, relu]}
  skip:
    layers: [residual: [conv2d: {out_channels: 8, kernel_size: 3, padding: 1}], relu]
layers:
  - conv2d: {name: stem, out_channels: 8, kernel_size: 3, padding: 1}
  - BLOCK: {name: stage, repeat: 20}
  - global_avg_pool2d
  - linear: {name: end, out_features: 10}
train:
  data: {dataset: digits, preprocess: [rescale: 0.0625], split: {test: 0.9}}
  optimizer: {sgd: {lr: 0.01}}
  epochs: 1
"""


def fall(directory: Path, block: str) -> float:
    """Returns by what factor gradients fall from the last layer to the first."""
    text = DEEP.replace("BLOCK", block)
    compiled = compile_text(text, "deep.yaml")
    assert compiled.train is not None
    run = train(compiled.graph, compiled.train, text, output=directory / block, device="cpu")
    norms = read_norms(run.directory)
    assert norms is not None
    chosen = by_depth(norms, {node.path: True for node in compiled.graph.nodes})
    assert chosen is not None
    assert chosen.layers[0] == "stem"
    assert chosen.layers[-1] == "end"
    means = np.log10(np.array(chosen.values)).mean(axis=0)
    return float(10 ** (means[-1] - means[0]))


def test_gradients_vanish_in_a_deep_plain_network_and_not_in_a_residual_one(
    tmp_path: Path,
) -> None:
    assert fall(tmp_path, "plain") > 1e5
    assert fall(tmp_path, "skip") < 1e2
