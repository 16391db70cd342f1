"""Training and evaluation on an NVIDIA GPU, beside the same on the processor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import torch
from operator_cases import BATCH, CASES, Case
from runs import archspec, command

from archspec.backends.torch import build
from archspec.backends.trial_data import random_inputs
from archspec.backends.weights import load_weights
from archspec.cli import main
from archspec.frontend import compile_text
from archspec.training.run import Run, train

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU"),
    pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning"),
]

NETWORK = """
name: small
inputs: {image: [1, 8, 8]}
layers:
  - conv2d: {name: first, out_channels: 8, kernel_size: 3}
  - batch_norm
  - relu
  - conv2d: {out_channels: 8, kernel_size: 3}
  - dropout: 0.2
  - flatten
  - linear: 10
"""
DATA = "data: {dataset: digits, preprocess: [rescale: 0.0625], split: {validation: 0.2}}, epochs: 3"


def trained(directory: Path, section: str = DATA, *, device: str = "cuda") -> Run:
    text = f"{NETWORK}train: {{{section}}}\n"
    made = compile_text(text, "small.yaml")
    assert made.train is not None
    return train(
        made.graph, made.train, made.resolved, output=directory, device=device, report=False
    )


def loss(run: Run) -> float:
    results = run.metrics["validation"]
    assert isinstance(results, dict)
    return float(results["loss"])


@pytest.fixture(scope="module")
def on_cpu(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("cpu") / "run", device="cpu")


@pytest.mark.parametrize(
    "more",
    [
        "",
        ", precision: bf16",
        ", precision: fp16",
        ", precision: fp16, gradient: {clip_norm: 100}",
        ", channels_last: true",
        ", compile: true",
        ", compile: true, precision: bf16, channels_last: true",
        ", deterministic: false",
    ],
)
def test_it_comes_to_what_the_processor_comes_to(more: str, on_cpu: Run, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", f"{DATA}{more}")
    assert run.metrics["device"] == "cuda:0"
    assert loss(run) == pytest.approx(loss(on_cpu), rel=0.05)
    weights = load_weights(run.directory)
    assert {weight.device.type for weight in weights.values()} == {"cpu"}
    floats = [weight for weight in weights.values() if weight.is_floating_point()]
    assert {weight.dtype for weight in floats} == {torch.float32}


EVERYTHING = (
    ", ema: 0.9, schedule: one_cycle, loss: {cross_entropy: {label_smoothing: 0.1}},"
    " metrics: [accuracy, top_5_accuracy, f1, auc], gradient: {clip_norm: 1}"
)
AUGMENTED = DATA.replace(
    "dataset",
    "class_weights: balanced, augment: {rotation_range: 9, zoom_range: 0.1, mixup: 0.2}, dataset",
)


@pytest.mark.parametrize("settings", [DATA, AUGMENTED], ids=["plain", "augmented"])
def test_deterministic_runs_are_the_same_to_the_last_bit(settings: str, tmp_path: Path) -> None:
    section = f"{settings}{EVERYTHING}"
    states = [load_weights(trained(tmp_path / name, section).directory) for name in "ab"]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_killed_run_comes_to_what_it_would_have_come_to(tmp_path: Path) -> None:
    text = f"{NETWORK}train: {{{DATA}{EVERYTHING}}}\n"
    spec = tmp_path / "small.yaml"
    spec.write_text(text.replace("epochs: 3", "epochs: 30"))
    arguments = ["train", str(spec), "--device", "cuda", "-o"]
    assert archspec(*arguments, "whole", cwd=tmp_path).returncode == 0
    with subprocess.Popen(command(*arguments, "part"), cwd=tmp_path) as process:
        last = tmp_path / "part/checkpoints/last.ckpt"
        while not last.is_file():
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "part/metrics.json").exists()
    resumed = archspec("train", "--resume", "part", "--device", "cuda", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    states = [load_weights(tmp_path / name) for name in ("whole", "part")]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_phases_and_cached_features_train(tmp_path: Path) -> None:
    phases = (
        ', freeze: "*", cache_features: true, phases: ['
        "{epochs: 2, unfreeze: linear}, {epochs: 1, unfreeze: first}]"
    )
    run = trained(tmp_path / "run", f"{DATA}{phases}")
    assert run.metrics["device"] == "cuda:0"


def test_a_report_is_written_and_evaluation_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "small.yaml"
    spec.write_text(f"{NETWORK}train: {{{DATA}}}\n")
    run = tmp_path / "run"
    assert main(["train", str(spec), "-o", str(run), "--device", "cuda"]) == 0
    assert (run / "report.html").is_file()
    environment = json.loads((run / "environment.json").read_text())
    assert torch.cuda.get_device_name() in json.dumps(environment)
    capsys.readouterr()
    made = []
    for device in ("cuda", "cpu"):
        assert main(["evaluate", str(run), "--device", device, "--format", "json"]) == 0
        made.append(json.loads(capsys.readouterr().out)["metrics"])
    assert made[0] == pytest.approx(made[1], rel=5e-3)
    told = json.loads((run / "metrics.json").read_text())["test"]
    assert made[0] == pytest.approx(told, rel=1e-4)


def test_too_little_memory_of_the_device_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "large.yaml"
    spec.write_text(
        "name: large\ninputs: {image: [1, 8, 8]}\n"
        "layers: [upsample: {scale_factor: 32}, upsample: {scale_factor: 32}, relu,"
        " conv2d: {out_channels: 64, kernel_size: 3}, global_avg_pool2d, linear: 10]\n"
        "train: {data: {dataset: digits}, epochs: 1, batch_size: 64}\n"
    )
    assert main(["train", str(spec), "-o", str(tmp_path / "run"), "--device", "cuda"]) == 3
    error = capsys.readouterr().err
    assert "the device has too little memory" in error
    assert f"{spec.name}:4:" in error
    assert "train.batch_size" in error


def test_more_devices_than_there_are_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = str(torch.cuda.device_count() + 1)
    arguments = ["train", "iris", "-o", str(tmp_path / "run"), "--device", "cuda"]
    assert main([*arguments, "--devices", more]) == 3
    assert f"--devices {torch.cuda.device_count()}" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:RNN module weights are not part of single contiguous chunk")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_operator_computes_there_what_it_computes_here(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Their faster convolutions round to ten bits.
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    sizes = case.bindings()[0]
    graph = case.graph(sizes)
    inputs = {name: torch.from_numpy(array) for name, array in random_inputs(graph, sizes).items()}
    assert {len(tensor) for tensor in inputs.values()} == {BATCH}
    network = build(graph).eval()
    made = []
    for device in ("cpu", "cuda"):
        network.to(device).zero_grad()
        given = {
            name: tensor.to(device).requires_grad_(tensor.is_floating_point())
            for name, tensor in inputs.items()
        }
        outputs = network(**given)
        tensors = [*outputs.values()] if isinstance(outputs, dict) else [outputs]
        total = torch.stack([tensor.double().square().sum() for tensor in tensors]).sum()
        if total.requires_grad:
            total.backward()  # type: ignore[no-untyped-call]
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        made.append([tensor.detach().cpu() for tensor in [*tensors, *gradients]])
    for here, there in zip(*made, strict=True):
        assert here.shape == there.shape
        torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-4 * float(1 + here.abs().max()))
