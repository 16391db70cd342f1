"""Runs that are killed at any moment, and what can go wrong with their directory."""

from __future__ import annotations

import os
import random
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from runs import archspec, command

from archspec.backends.weights import load_weights
from archspec.cli import main
from archspec.frontend import compile_text
from archspec.training.record.run_directory import read_json
from archspec.training.run import train

SPEC = """
name: small
inputs: {image: [1, 8, 8]}
layers: [flatten, linear: 64, relu, dropout: 0.1, linear: 10]
train:
  data: {dataset: digits, preprocess: [rescale: 0.0625], split: {validation: 0.2}}
  schedule: cosine
  epochs: 12
"""

TRAIN = ["train", "--device", "cpu"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def test_a_run_that_is_killed_comes_to_what_it_would_have_come_to(folder: Path) -> None:
    last = folder / "part/checkpoints/last.ckpt"
    process = subprocess.Popen(
        command("train", "small.yaml", "-o", "part"),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not last.exists():
        time.sleep(0.01)
    time.sleep(random.Random(time.time_ns()).random() / 5)  # at any moment, also of writing
    process.kill()
    process.wait()
    assert torch.load(last, weights_only=True)["epoch"] >= 0
    (folder / "part/metrics.json").unlink(missing_ok=True)  # where the machine was fast enough
    assert main(["train", "--resume", str(folder / "part"), "--device", "cpu"]) == 0
    assert main([*TRAIN, str(folder / "small.yaml"), "-o", str(folder / "whole")]) == 0
    weights = [load_weights(folder / name) for name in ("whole", "part")]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    csvs = [(folder / name / "metrics.csv").read_bytes() for name in ("whole", "part")]
    assert csvs[0] == csvs[1]
    kept = {path.name for path in (folder / "part/checkpoints").iterdir()}
    assert kept == {"best.ckpt", "last.ckpt"}


def test_a_run_that_has_come_to_its_end_is_resumed_with_more_epochs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(folder / "run")
    short = ["--set", "train.epochs=1"]
    # A schedule that is laid out over all epochs can have no more of them.
    (folder / "free.yaml").write_text(SPEC.replace("schedule: cosine", "seed: 0"))
    assert main([*TRAIN, str(folder / "free.yaml"), "-o", run, *short]) == 0
    assert main([*TRAIN, "--resume", run]) == 2
    said = capsys.readouterr().err
    assert "run has come to its end" in said
    assert "--set train.epochs=2" in said
    assert main([*TRAIN, "--resume", run, "--set", "train.epochs=3"]) == 0
    assert len((folder / "run/metrics.csv").read_text().splitlines()) == 4
    assert "epochs: 3" in (folder / "run/spec.yaml").read_text()


def test_a_fault_in_drawing_does_not_leave_a_run_unfinished(folder: Path) -> None:
    result = compile_text(SPEC, "small.yaml", settings={"train.epochs": "1"})
    assert result.train is not None

    def obstruct(*_: object) -> None:
        (folder / "run/report.html").mkdir()

    with pytest.raises(OSError, match=r"report\.html"):
        train(
            result.graph,
            result.train,
            result.resolved,
            output=folder / "run",
            device="cpu",
            announce=obstruct,
        )
    assert read_json(folder / "run/metrics.json")
    assert main([*TRAIN, "--resume", str(folder / "run")]) == 2


def test_two_processes_come_to_what_one_comes_to(folder: Path) -> None:
    once = ["--set", "train.epochs=2"]
    spec = (folder / "small.yaml").read_text().replace("dropout: 0.1, ", "")
    (folder / "small.yaml").write_text(spec)
    assert main([*TRAIN, str(folder / "small.yaml"), "-o", str(folder / "one"), *once]) == 0
    two = ("-o", "two", "--device", "cpu", "--devices", "2")
    done = archspec("train", "small.yaml", *two, *once, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("test accuracy") == 1
    weights = [load_weights(folder / name) for name in ("one", "two")]
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight, rtol=1e-4, atol=1e-6)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system of one's own needs root")
def test_a_disk_that_fills_up_leaves_the_last_whole_checkpoint(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        assert main([*TRAIN, str(folder / "small.yaml"), "-o", str(disk / "run")]) == 3
        assert capsys.readouterr().err.splitlines()[-1].startswith("error: cannot write")
        kept = [*(disk / "run").glob("checkpoints/*.ckpt")]
        assert kept
        for checkpoint in kept:
            assert load_weights(checkpoint)["linear.weight"].shape == (64, 64)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train",), "name a spec, or a run to resume"),
        (("train", "small.yaml", "--resume", "run"), "not both"),
        (("train", "small.yaml", "--devices", "0"), "whole number from 1"),
    ],
)
def test_arguments_that_make_no_sense_are_told(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(SystemExit):
        assert main([*arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_fault_of_training_is_told_with_its_place_in_the_spec(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = (folder / "small.yaml").read_text().replace("[1, 8, 8]", "[1, 9, 9]")
    (folder / "small.yaml").write_text(spec)
    assert main([*TRAIN, str(folder / "small.yaml"), "-o", str(folder / "run")]) == 1
    place = f"error: {folder}/small.yaml:3:10: digits gives examples of 1×8×8"
    assert capsys.readouterr().err.startswith(place)
    assert not (folder / "run").exists()
