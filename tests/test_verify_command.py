"""`archspec verify`, as a user calls it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from safetensors.numpy import save_file

from archspec.backends.weights import initial_weights
from archspec.cli import main
from archspec.frontend import compile_text

SPEC = """\
name: tiny
params: {units: 4}
inputs: {image: [2, H, 6]}
layers:
  - conv2d: {name: one, out_channels: 2, kernel_size: 3, padding: 1, bias: false}
  - batch_norm: {name: norm}
  - relu
  - conv2d: {name: two, out_channels: 2, kernel_size: 3, padding: 1}
  - global_avg_pool2d
  - auxiliary: {name: early, layers: [linear: 3]}
  - linear: {name: fc, out_features: =units}
outputs: {scores: fc}
variants:
  wide: {units: 8}
"""


@pytest.fixture(autouse=True)
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The spec in a directory of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(SPEC)


def _weights(seed: int = 3) -> dict[str, np.ndarray]:
    return initial_weights(compile_text(SPEC, "tiny.yaml").graph, seed)


def test_all_backends_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "tiny.yaml"]) == 0
    said = capsys.readouterr()
    assert said.err == "note: without --weights the weights are random (seed 0)\n"
    headings, *rows, blank, proof = said.out.splitlines()
    assert headings.split() == ["backend", "parameters", "statistics", "differs", "by"]
    # Convolutions of 2*2*3*3 and 2*2*3*3 + 2, batch norm of 2 + 2, linear layers of 2*3 + 3
    # and 2*4 + 4.
    assert [re.sub(r"\d\.\de-0[678]", "little", row).split() for row in rows] == [
        ["spec", "99", "4"],
        ["PyTorch", "99", "4"],
        ["ONNX,", "opset", "20", "99", "4", "little"],
        ["ONNX,", "opset", "20,", "optimised", "little"],
        ["ONNX,", "opset", "26,", "optimised", "little"],
    ]
    assert blank == ""
    start = "verified against PyTorch: batch 1 and 3, H 32 and 33, outputs differ by at most "
    assert proof.startswith(start)


def _export(*arguments: str) -> None:
    assert main(["export", "tiny.yaml", "--onnx", "-o", "net.onnx", *arguments]) == 0


def test_a_file_with_the_weights_of_the_seed_is_proved(capsys: pytest.CaptureFixture[str]) -> None:
    _export("--seed", "5")
    assert main(["verify", "tiny.yaml", "--onnx", "net.onnx", "--seed", "5"]) == 0
    assert "\nnet.onnx " in capsys.readouterr().out
    assert main(["verify", "tiny.yaml", "--onnx", "net.onnx", "--seed", "6"]) == 1
    said = capsys.readouterr()
    assert re.search(r"^net\.onnx +not proved$", said.out, re.MULTILINE)
    assert "error: net.onnx does not compute what PyTorch does: output `scores`" in said.err
    assert "was the file made with these weights" in said.err


def test_swapped_weights_of_equal_shapes_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    save_file(_weights(), "net.safetensors")
    _export("--weights", "net.safetensors")
    given = ["verify", "tiny.yaml", "--onnx", "net.onnx", "--weights", "net.safetensors"]
    assert main(given) == 0
    model = onnx.load("net.onnx")
    found = {tensor.name: tensor for tensor in model.graph.initializer}
    found["one.weight"].name, found["two.weight"].name = "two.weight", "one.weight"
    onnx.save(model, "net.onnx")
    assert main(given) == 1
    assert "does not compute what PyTorch does" in capsys.readouterr().err


def test_of_another_spec_s_model_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _export("--variant", "wide")
    assert main(["verify", "tiny.yaml", "--onnx", "net.onnx"]) == 1
    said = capsys.readouterr().err
    assert "note: net.onnx was exported from another spec, or with other settings" in said
    assert "scores is float [batch, 8] in the model, but float32 [batch, 4] in its spec" in said


def test_a_model_whose_spec_was_changed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _export()
    model = onnx.load("net.onnx")
    stored = {entry.key: entry.value for entry in model.metadata_props}
    del model.metadata_props[:]
    helper.set_model_props(model, stored | {"archspec.spec": stored["archspec.spec"] + "\n"})
    onnx.save(model, "net.onnx")
    assert main(["verify", "tiny.yaml", "--onnx", "net.onnx"]) == 1
    assert "error: the spec in net.onnx was changed after the export" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--onnx", "none.onnx"], 3, "none.onnx: No such file"),
        (["--onnx", "."], 3, "Is a directory"),
        (["--onnx", "tiny.yaml"], 1, "tiny.yaml is no ONNX model"),
        (["--weights", "none.safetensors"], 3, "cannot read none.safetensors: No such file"),
        (["--weights", "broken.safetensors"], 3, "broken.safetensors is damaged"),
        (["--weights", "other.safetensors"], 1, "1 unexpected (other)"),
        (["--weights", "zero.safetensors", "--onnx", "zero.onnx"], 1, "nothing is proved"),
    ],
)
def test_trouble_is_said_in_one_line(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0not json")
    save_file({"other": np.ones(2, np.float32)}, "other.safetensors")
    zeros = {name: np.zeros_like(array) for name, array in _weights().items()}
    save_file(zeros, "zero.safetensors")
    _export("--weights", "zero.safetensors", "-o", "zero.onnx")
    capsys.readouterr()
    assert main(["verify", "tiny.yaml", *arguments]) == code
    error, *_ = [line for line in capsys.readouterr().err.splitlines() if line[:5] != "note:"]
    assert error.startswith("error: ")
    assert message in error


def test_too_little_memory_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("large.yaml").write_text(
        "name: large\ninputs: {x: [4]}\nlayers: [linear: 50000, linear: 2000000000]\n"
    )
    assert main(["verify", "large.yaml"]) == 3
    assert capsys.readouterr().err.splitlines()[-1] == "error: not enough memory"
