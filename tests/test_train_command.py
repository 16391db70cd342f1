"""`archspec train` as its user meets it: a real process, its output, Ctrl-C, a full disk."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
import torch
from runs import archspec, command, trained

from archspec.backends.weights import load_weights

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
    assert [line.split()[1] for line in done.stderr.splitlines()] == [
        f"{epoch}/30" for epoch in range(3, 31, 3)
    ]


def test_lenet_learns_the_digits_from_other_seeds(tmp_path: Path) -> None:
    for seed in (1, 2):
        run = trained("lenet5", tmp_path / str(seed), seed=seed)
        assert run.metrics["test"]["accuracy"] >= 0.97  # type: ignore[index]


def test_iris_reaches_the_accuracy_of_the_notes_from_five_seeds(tmp_path: Path) -> None:
    for seed in range(5):
        run = trained("iris", tmp_path / str(seed), seed=seed)
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


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        command("train", "lenet5", "-o", "run", "--set", "train.epochs=1"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        # A checkpoint has 0.7 MB.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("error: cannot write")
    assert "Traceback" not in done.stderr


def test_a_terminal_sees_one_bar_for_the_whole_run(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command("train", "iris", "-o", "run", "--set", "train.epochs=30"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = bytearray()
        while chunk := _read(ours):
            shown += chunk
        assert process.wait() == 0
    os.close(ours)
    last = shown.decode().strip().splitlines()[-1].rpartition("\r")[2]
    assert last.startswith("epoch 30/30")
    assert "100%" in last
    assert "accuracy" in last


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that the other side is closed
        return b""
