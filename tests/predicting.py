"""Small models, and `archspec predict` on them, for the tests of it."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from archspec.cli import main
from archspec.frontend import compile_spec


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


def give_stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Lets what a command reads from stdin be the given bytes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
