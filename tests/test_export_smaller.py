"""Models that `archspec export` makes smaller, or that take images: files, messages, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from execution import run_onnx
from safetensors.numpy import save_file
from sklearn.datasets import load_digits

from archspec.backends.onnx import files
from archspec.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


DIGITS = """\
name: digits_net
inputs: {image: [1, 16, 16]}
layers: [conv2d: {out_channels: 8, kernel_size: 3}, relu, max_pool2d: 2, flatten, linear: 10]
train:
  data: {dataset: digits, preprocess: [rescale: 0.0625, resize: [16, 16]]}
  loss: cross_entropy
  optimizer: {adam: {lr: 0.003}}
  batch_size: 64
  epochs: 1
"""


def test_a_model_can_be_made_smaller_and_take_images(capsys: pytest.CaptureFixture[str]) -> None:
    Path("digits.yaml").write_text(DIGITS)
    export = ["export", "digits.yaml", "--onnx"]
    sizes = {}
    for flag in ("--seed=0", "--fp16", "--int8"):
        assert main([*export, flag]) == 0
        name = {"--seed=0": "digits_net.onnx"}.get(flag, f"digits_net.{flag[2:]}.onnx")
        sizes[flag] = Path(name).stat().st_size
        said = capsys.readouterr().out
        assert said.startswith(f"{name}: ")
        assert "verified against PyTorch" in said
        assert ("half precision, where every layer rounds: " in said) == (flag == "--fp16")
    assert "8 bits: calibrated on 512 examples; outputs differ by at most " in said
    assert "test examples: " in said
    assert sizes["--int8"] < sizes["--fp16"] < sizes["--seed=0"]
    for loss, end in (("mse", "one_hot: true"), ("huber", "one_hot: true, split: {test: 0}")):
        text = DIGITS.replace("cross_entropy", loss).replace("digits, p", f"digits, {end}, p")
        Path("other.yaml").write_text(text)
        assert main(["export", "other.yaml", "--onnx", "--int8"]) == 0
        assert ("accuracy on 360 test examples: " in capsys.readouterr().out) == (loss == "mse")
    assert main([*export, "--embed-preprocessing", "nhwc", "--triton", "served"]) == 0
    said = capsys.readouterr().out
    assert "takes image as unsigned bytes [batch, image.height, image.width, 1]" in said
    assert "input  image" not in said
    assert Path("served/digits_net/1/model.onnx").is_file()
    digits = load_digits().images[:5, :, :, np.newaxis]
    (made,) = run_onnx(Path("digits_net.onnx"), {"image": digits.astype(np.uint8)}).values()
    assert made.shape == (5, 10)
    metadata = {p.key: p.value for p in onnx.load("digits_net.onnx").metadata_props}
    assert json.loads(metadata["archspec.classes"]) == [*"0123456789"]
    assert json.loads(metadata["archspec.preprocess"]) == []


ROUNDED_AWAY = """\
name: rounded
inputs: {x: [2]}
layers:
- linear: {name: sums, out_features: 2, bias: false}
- linear: {name: difference, out_features: 1, bias: false}
"""


def test_what_rounding_changes_too_much_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    # (2000 x0 + x1) - 2000 x0, of which half precision leaves little.
    Path("rounded.yaml").write_text(ROUNDED_AWAY)
    save_file({"sums.weight": np.array([[2000, 1], [2000, 0]], np.float32),
               "difference.weight": np.array([[1, -1]], np.float32)}, "w.safetensors")  # fmt: skip
    Path("rounded.onnx").write_bytes(b"older")
    export = ["export", "rounded.yaml", "--onnx", "--no-verify", "--weights", "w.safetensors"]
    assert main([*export, "--fp16", "-o", "rounded.onnx"]) == 1
    said = capsys.readouterr().err
    assert "error: in half precision, where every layer rounds, the outputs differ by " in said
    assert "= help: export it without --fp16" in said
    assert Path("rounded.onnx").read_bytes() == b"older"
    assert main(export) == 0


def test_a_smaller_model_leaves_no_weights_beside_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("digits.yaml").write_text(DIGITS)
    monkeypatch.setattr(files, "MAX_BYTES", 10_000)
    assert main(["export", "digits.yaml", "--onnx", "-o", "large.onnx"]) == 0
    large = Path("large.onnx").stat().st_size + Path("large.onnx.data").stat().st_size
    assert f"large.onnx: {large / 1e3:.1f} kB" in capsys.readouterr().out
    assert main(["export", "digits.yaml", "--onnx", "--int8", "-o", "small.onnx"]) == 0
    small = Path("small.onnx").stat().st_size
    assert f"small.onnx: {small / 1e3:.1f} kB" in capsys.readouterr().out
    assert not Path("small.onnx.data").exists()
