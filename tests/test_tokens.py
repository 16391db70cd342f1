"""Networks that take whole numbers: the tokens of texts, trained and predicted from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_archive import archive, predicted, results

from archspec.cli import main

TOKENS = """
name: words
inputs: {tokens: {shape: [6], dtype: int64}}
layers: [embedding: {num_embeddings: 20, embedding_dim: 4}, flatten, linear: 2]
train: {data: {npz: digits.npz}, epochs: 20, optimizer: {adam: {lr: 0.05}}}
"""


def test_tokens_are_trained_and_predicted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = np.random.default_rng(0).integers(0, 20, size=(200, 6)).astype(np.int32)
    archive(tmp_path, x=tokens, y=tokens[:, 0] >= 10)
    spec, run = tmp_path / "words.yaml", str(tmp_path / "run")
    spec.write_text(TOKENS)
    assert main(["train", str(spec), "-o", run, "--device", "cpu"]) == 0
    assert results(Path(run))["test"]["accuracy"] > 0.9
    model = str(tmp_path / "model.onnx")
    assert main(["export", run, "--onnx", "--weights", run, "-o", model]) == 0
    code, said = predicted(capsys, tmp_path, "--weights", run)
    assert code == 0
    assert said["accuracy"] > 0.9


@pytest.mark.parametrize(
    ("x", "more", "message"),
    [
        (np.full((40, 6), 20), "", "has tokens from 20 to 20, but `embedding` takes those from 0"),
        (np.full((40, 6), -1), "", "has tokens from -1 to -1"),
        (np.ones((40, 6)), "", "has inputs of float64, but the network takes whole numbers"),
        (np.ones((40, 6), int), ", preprocess: [rescale: 2]", "the network takes whole numbers"),
    ],
)
def test_numbers_that_are_no_tokens_are_told(
    x: np.ndarray, more: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive(tmp_path, x=x, y=np.arange(40) % 2)
    spec = tmp_path / "words.yaml"
    spec.write_text(TOKENS.replace("digits.npz", f"digits.npz{more}"))
    assert main(["train", str(spec), "-o", str(tmp_path / "run")]) == 1
    assert message in capsys.readouterr().err
