"""Runs that are killed at any moment, and what can go wrong with their directory."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest
import torch
from runs import archspec, command

from archspec.backends.weights import load_weights

SPEC = """
name: small
inputs: {image: [1, 8, 8]}
layers: [flatten, linear: 64, relu, dropout: 0.1, linear: 10]
train:
  data: {dataset: digits, preprocess: [rescale: 0.0625], split: {validation: 0.2}}
  schedule: cosine
  epochs: 60
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def test_a_run_that_is_killed_again_and_again_comes_to_the_same(folder: Path) -> None:
    assert archspec("train", "small.yaml", "-o", "whole", cwd=folder).returncode == 0
    arguments = ["train", "small.yaml", "-o", "part"]
    chance = random.Random(time.time_ns())
    last = folder / "part/checkpoints/last.ckpt"
    for _ in range(3):
        process = subprocess.Popen(
            command(*arguments), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        before = last.stat().st_mtime_ns if last.exists() else 0
        while process.poll() is None and not (last.exists() and last.stat().st_mtime_ns > before):
            time.sleep(0.01)
        time.sleep(chance.random() / 3)
        process.kill()
        process.wait()
        assert torch.load(last, weights_only=True)["epoch"] >= 0
        arguments = ["train", "--resume", "part"]
    done = archspec(*arguments, cwd=folder)
    assert done.returncode == 0 or "has come to its end" in done.stderr
    weights = [load_weights(folder / name) for name in ("whole", "part")]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    csvs = [(folder / name / "metrics.csv").read_bytes() for name in ("whole", "part")]
    assert csvs[0] == csvs[1]
    assert {path.name for path in (folder / "part/checkpoints").iterdir()} == {
        "best.ckpt", "last.ckpt",
    }  # fmt: skip


def test_a_run_that_has_come_to_its_end_is_resumed_with_more_epochs(folder: Path) -> None:
    short = ("--set", "train.epochs=1")
    assert archspec("train", "small.yaml", "-o", "run", *short, cwd=folder).returncode == 0
    ended = archspec("train", "--resume", "run", cwd=folder)
    assert ended.returncode == 2
    assert "run has come to its end" in ended.stderr
    assert "--set train.epochs=2" in ended.stderr
    more = archspec("train", "--resume", "run", "--set", "train.epochs=3", cwd=folder)
    assert more.returncode == 0
    assert len((folder / "run/metrics.csv").read_text().splitlines()) == 4
    assert "epochs: 3" in (folder / "run/spec.yaml").read_text()


def test_two_processes_come_to_what_one_comes_to(folder: Path) -> None:
    once = ("--set", "train.epochs=2", "--set", "train.data.split.stratify=false")
    spec = (folder / "small.yaml").read_text().replace("dropout: 0.1, ", "")
    (folder / "small.yaml").write_text(spec)
    for name, devices in (("one", "1"), ("two", "2")):
        arguments = ("train", "small.yaml", "-o", name, "--device", "cpu", "--devices", devices)
        done = archspec(*arguments, *once, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("test accuracy") == 1
    weights = [load_weights(folder / name) for name in ("one", "two")]
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight, rtol=1e-4, atol=1e-6)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system of one's own needs root")
def test_a_disk_that_fills_up_leaves_the_last_whole_checkpoint(folder: Path) -> None:
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        done = archspec("train", "small.yaml", "-o", str(disk / "run"), cwd=folder)
        assert done.returncode == 3
        assert done.stderr.splitlines()[-1].startswith("error: cannot write")
        for checkpoint in (disk / "run").glob("checkpoints/*.ckpt"):
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
    arguments: tuple[str, ...], message: str, folder: Path
) -> None:
    done = archspec(*arguments, cwd=folder)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_fault_of_training_is_told_with_its_place_in_the_spec(folder: Path) -> None:
    spec = (folder / "small.yaml").read_text().replace("[1, 8, 8]", "[1, 9, 9]")
    (folder / "small.yaml").write_text(spec)
    done = archspec("train", "small.yaml", "-o", "run", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.startswith("error: small.yaml:3:10: digits gives examples of 1×8×8")
    assert not (folder / "run").exists()
