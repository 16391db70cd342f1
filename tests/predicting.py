"""Small models, and `archspec predict` on them, for the tests of it."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image

from archspec.cli import main
from archspec.frontend import compile_spec

PETS = """
name: pets
inputs: {image: [1, 2, 2]}
layers: [flatten, linear: {name: scores, out_features: 3}]
train:
  data: {npz: none.npz, classes: [고양이, 강아지, 토끼], preprocess: [rescale: 0.00392156862745098]}
  epochs: 1
"""
"""Tells by the place of the bright pixel: none in the last place."""

WEIGHT = [[4, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0]]


class Said(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


def predict(capsys: pytest.CaptureFixture[str], *arguments: object) -> Said:
    """Runs `archspec predict`."""
    capsys.readouterr()
    code = main(["predict", *map(str, arguments)])
    captured = capsys.readouterr()
    return Said(code, captured.out, captured.err)


def exported(folder: Path, text: str, **weights: object) -> Path:
    """Returns a model of a spec, with the given weights or with random ones."""
    spec = folder / "spec.yaml"
    spec.write_text(text, encoding="utf-8")
    model = folder / f"{compile_spec(str(spec)).graph.name}.onnx"
    arguments = ["export", str(spec), "--onnx", "-o", str(model)]
    if weights:
        state = {
            name.replace("__", "."): torch.tensor(np.asarray(value, np.float32))
            for name, value in weights.items()
        }
        torch.save(state, folder / "weights.pt")
        arguments += ["--weights", str(folder / "weights.pt")]
    assert main(arguments) == 0
    return model


def pets_model(folder: Path) -> Path:
    """Returns the model of `PETS`."""
    return exported(folder, PETS, scores__weight=WEIGHT, scores__bias=[0, 0, 0])


def picture(path: Path, *bright: int) -> Path:
    """Writes an image of 2×2 pixels, those white that are named."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros(4, np.uint8)
    pixels[list(bright)] = 255
    Image.fromarray(pixels.reshape(2, 2)).save(path)
    return path


def give_stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Lets what a command reads from stdin be the given bytes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
