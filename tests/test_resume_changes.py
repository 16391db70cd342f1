"""A run that is resumed goes on as it began: what else is asked for is refused, and told where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from runs import SPECS, trained

from archspec.backends.weights import load_weights
from archspec.cli import main
from archspec.frontend import compile_spec
from archspec.training.errors import TrainingError
from archspec.training.loop.resuming import check_unchanged


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("finished") / "run"
    return trained("iris", home, epochs=2, data__split__validation=0.2).directory


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def resumed(run: Path, *settings: str) -> int:
    more = [part for setting in settings for part in ("--set", f"train.{setting}")]
    return main(["train", "--resume", str(run), "--device", "cpu", *more])


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("optimizer.adam.lr=0.1", "train.optimizer"),
        ("batch_size=3", "train.batch_size"),
        ("monitor=validation_accuracy", "train.monitor"),
        ("ema=0.9", "train.ema"),
        ("data.split.seed=4", "train.data.split"),
        ("data.preprocess=[{rescale: 2}]", "train.data.preprocess"),
    ],
)
def test_what_a_run_was_trained_by_may_not_change(
    run: Path, capsys: pytest.CaptureFixture[str], setting: str, place: str
) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert resumed(run, "epochs=4", setting) == 1
    assert f"goes on as it began, but `{place}` is changed" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before


def test_another_network_is_refused(run: Path) -> None:
    own = compile_spec(str(run / "spec.yaml"))
    other = compile_spec(str(SPECS / "iris_branches.yaml"))
    assert own.train is not None
    check_unchanged(run, own.graph, own.train)
    with pytest.raises(TrainingError, match="its own network, and this is another one"):
        check_unchanged(run, other.graph, own.train)


def test_more_epochs_are_added_and_fewer_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert resumed(run, "epochs=1") == 1
    assert "has been trained for 2 epochs already" in capsys.readouterr().err
    assert resumed(run, "epochs=4") == 0
    whole = trained("iris", tmp_path / "whole", epochs=4, data__split__validation=0.2).directory
    ours, theirs = (load_weights(place / "checkpoints" / "last.ckpt") for place in (run, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_epochs_are_fixed_where_the_schedule_is_laid_out_over_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained("iris", tmp_path / "run", epochs=2, schedule="cosine").directory
    assert resumed(run, "epochs=4") == 1
    assert "`train.epochs` is changed" in capsys.readouterr().err


def test_two_processes_do_not_go_on_with_one_run(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FileLock(run / ".lock"):
        assert resumed(run, "epochs=4") == 2
    assert "is being trained by another process" in capsys.readouterr().err


@pytest.mark.parametrize("size", [0, 100, 3000])
def test_a_checkpoint_that_is_cut_short_is_told(
    run: Path, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    last = run / "checkpoints" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:size])
    assert resumed(run, "epochs=4") == 3
    assert "last.ckpt is no checkpoint of a run" in capsys.readouterr().err


def test_a_metric_that_is_not_measured_leaves_no_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "run"
    wrong = ("--set", "train.early_stopping.monitor=train_f1", "--set", "train.epochs=1")
    assert main(["train", "iris", "-o", str(place), *wrong]) == 1
    said = capsys.readouterr().err
    assert "train.early_stopping.monitor is train_f1, which is not measured" in said
    assert "add `f1` to train.metrics" in said
    assert not place.exists()


@pytest.mark.parametrize("clip", ["clip_norm", "clip_value"])
def test_gradients_in_half_precision_are_clipped(tmp_path: Path, clip: str) -> None:
    settings = {"precision": "bf16", f"gradient__{clip}": 0.1}
    assert trained("iris", tmp_path / "run", epochs=1, **settings).metrics["epochs"] == 1
