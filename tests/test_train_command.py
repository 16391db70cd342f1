"""`archspec train` as its user meets it: its output, what it learns, Ctrl-C, a full disk."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
import torch
from runs import archspec, command, trained
from test_whole_file import no_file_beyond

from archspec.backends.weights import load_weights
from archspec.cli import main

ENDLESS = ("train", "iris", "-o", "run", "--set", "train.epochs=1000000")


def test_lenet_learns_the_digits_in_a_process_of_its_own(tmp_path: Path) -> None:
    done = archspec("train", "lenet5", cwd=tmp_path)
    assert done.returncode == 0
    title, data, result, selected, place = done.stdout.splitlines()
    assert title == "LeNet-5: 61,706 parameters"
    assert data == "digits: 1,293 train, 144 validation, 360 test examples, 10 classes"
    run = tmp_path / place.removeprefix("run: ")
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] >= 0.97
    right = round(metrics["test"]["accuracy"] * 360)
    assert result.startswith(f"test accuracy: {right / 360:.2%} ({right} of 360)")
    assert selected.startswith(f"selected: epoch {metrics['selected_epoch']} of 30")
    *lines, last = done.stderr.splitlines()
    assert [line.split()[1] for line in lines] == [f"{epoch}/30" for epoch in range(3, 31, 3)]
    assert last == "testing on 360 examples"


def test_lenet_learns_the_digits_from_another_seed(tmp_path: Path) -> None:
    run = trained("lenet5", tmp_path / "run", seed=1)
    assert run.metrics["test"]["accuracy"] >= 0.97  # type: ignore[index]


def test_iris_reaches_the_accuracy_of_the_notes_from_five_seeds(tmp_path: Path) -> None:
    for seed in range(5):
        run = trained("iris", tmp_path / str(seed), seed=seed, epochs=120)  # of its 200
        assert run.metrics["test"]["accuracy"] >= 0.95  # type: ignore[index]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_its_last_epoch(tmp_path: Path, sent: signal.Signals) -> None:
    last = tmp_path / "run/checkpoints/last.ckpt"
    process = subprocess.Popen(
        command(*ENDLESS), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 120
        while not last.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(sent)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "test accuracy" not in output
    epoch = torch.load(last, weights_only=True)["epoch"] + 1
    assert errors.splitlines()[-2:] == [
        f"interrupted; epoch {epoch} is kept in run/checkpoints/last.ckpt",
        "   = help: archspec train --resume run goes on with it",
    ]
    assert load_weights(tmp_path / "run")["linear.weight"].shape == (50, 4)
    assert not (tmp_path / "run/metrics.json").exists()


def test_a_full_disk_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["-o", str(tmp_path / "run"), "--set", "train.epochs=1", "--device", "cpu"]
    with no_file_beyond(100_000):  # a checkpoint has 0.7 MB
        assert main(["train", "lenet5", *arguments]) == 3
    *_, last = capsys.readouterr().err.splitlines()
    assert last == f"error: cannot write {tmp_path / 'run'}: File too large"
    assert not [*(tmp_path / "run").rglob("*.ckpt*")]  # and no half of one
