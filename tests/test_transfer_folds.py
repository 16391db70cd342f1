"""Weights that the folds of a cross-validation start from, and runs that are resumed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from test_transfer_weights import NEW, OLD, old_weights, trained

from archspec.backends.weights import WeightsError, load_weights
from archspec.cli import main
from archspec.frontend import compile_spec
from archspec.training.run import Run, resume


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a project whose network learns in two folds from the weights of another one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW.replace("test: 0.9", "test: 0.9, folds: 2"))
    save_file(old_weights(), tmp_path / "old.safetensors")
    return tmp_path


def resumed(directory: str) -> Run:
    result = compile_spec(f"{directory}/spec.yaml")
    assert result.train is not None
    return resume(Path(directory), result.graph, result.train, result.resolved, device="cpu")


def without(run: Path, *files: str) -> None:
    """Takes files from a run, as if it had been killed before they were there."""
    for file in files:
        (run / file).unlink()


def test_folds_note_where_their_weights_came_from(folder: Path) -> None:
    with pytest.raises(WeightsError, match="is a cross-validation"):
        trained("new.yaml")  # which has no weights of its own to return
    noted = [
        json.loads((folder / "run" / fold / "environment.json").read_text())["weights"]
        for fold in (".", "fold-1", "fold-2")
    ]
    assert noted[0]["file"] == str(folder / "old.safetensors")
    assert noted == [noted[0]] * 3
    weights = load_weights(folder / "run/fold-2")
    assert torch.equal(weights["base.stem.bias"], old_weights()["stem.bias"])


def test_folds_that_have_begun_go_on_without_the_file(folder: Path) -> None:
    with pytest.raises(WeightsError, match="is a cross-validation"):
        trained("new.yaml")
    without(folder, "old.safetensors")
    without(folder / "run", "metrics.json", "fold-2/metrics.json")
    assert resumed("run").metrics["folds"] == 2


def test_a_fold_that_has_not_begun_needs_the_weights_of_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(WeightsError, match="is a cross-validation"):
        trained("new.yaml")
    without(folder / "run", "metrics.json", "fold-2/metrics.json", "fold-2/metrics.csv")
    without(folder / "run", "fold-2/checkpoints/last.ckpt", "fold-2/checkpoints/best.ckpt")
    changed = {name: tensor + 1 for name, tensor in old_weights().items()}
    save_file(changed, folder / "old.safetensors")
    assert main(["train", "--resume", "run", "--device", "cpu"]) == 1
    said = capsys.readouterr().err
    assert "old.safetensors holds other weights than when the run began" in said
    without(folder, "old.safetensors")
    assert main(["train", "--resume", "run", "--device", "cpu"]) == 3
    said = capsys.readouterr().err
    assert "cannot read" in said
    assert "put the file back that it was, or train a run of its own" in said
    save_file(old_weights(), folder / "old.safetensors")
    assert main(["train", "--resume", "run", "--device", "cpu"]) == 0
