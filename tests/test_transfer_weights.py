"""Weights that training starts from: a run's or a file's, for all of a network or a layer of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from archspec.backends.torch import build
from archspec.backends.weights import load_weights
from archspec.cli import main
from archspec.frontend import compile_spec
from archspec.training.run import resume, train

OLD = """
name: old
inputs: {image: [1, 8, 8]}
layers:
  - conv2d: {name: stem, out_channels: 4, kernel_size: 3} # archspec: ignore[W204]
  - batch_norm: {name: norm}
  - relu
  - flatten
  - linear: {name: classifier, out_features: 7}
"""

NEW = """
name: new
inputs: {image: [1, 8, 8]}
layers:
  - use: {name: base, spec: old.yaml, until: relu}
  - flatten
  - linear: {name: top, out_features: 10}
train:
  data: {dataset: digits, preprocess: [rescale: 0.0625], split: {test: 0.9}}
  weights: {file: old.safetensors, to: base}
  freeze: base
  epochs: 1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a project with two specs, and the weights of the first."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW)
    save_file(old_weights(), tmp_path / "old.safetensors")
    return tmp_path


def old_weights() -> dict[str, torch.Tensor]:
    """Returns weights unlike all that training begins with by itself."""
    network = build(compile_spec("old.yaml").graph)
    generator = torch.Generator().manual_seed(5)
    state = network.state_dict()
    return {
        name: torch.rand(tensor.shape, generator=generator) + 1 if tensor.ndim else tensor
        for name, tensor in state.items()
    }


def trained(spec: str, directory: str = "run", **settings: str) -> Mapping[str, torch.Tensor]:
    """Returns the weights of a run without a report; `__` stands for a dot."""
    values = {f"train.{key.replace('__', '.')}": value for key, value in settings.items()}
    result = compile_spec(spec, settings=values)
    assert result.train is not None
    output = Path(directory)
    train(result.graph, result.train, result.resolved, output=output, device="cpu", report=False)
    return load_weights(output)


def test_a_layer_starts_from_the_weights_of_a_network_without_its_top(folder: Path) -> None:
    weights = trained("new.yaml")
    for name, tensor in old_weights().items():
        if not name.startswith("classifier"):
            torch.testing.assert_close(weights[f"base.{name}"], tensor, rtol=0, atol=0)
    origin = json.loads((folder / "run/environment.json").read_text())["weights"]
    assert origin == {
        "file": str(folder / "old.safetensors"),
        "sha256": hashlib.sha256((folder / "old.safetensors").read_bytes()).hexdigest(),
    }


def test_the_command_line_names_a_run_and_is_told_what_is_taken_of_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = trained("new.yaml", "first")
    again = NEW.replace(", to: base}", ", skip: top}").replace("until: relu", "until: norm")
    (folder / "again.yaml").write_text(again)
    (folder / "old.safetensors").unlink()
    command = ["train", "again.yaml", "--device", "cpu", "-o", "run"]
    assert main([*command, "--weights", "first"]) == 0
    captured = capsys.readouterr()
    assert "starts from 7 tensors of first/checkpoints/last.ckpt" in captured.out
    assert "note: top.weight, top.bias start from their initialisers" in captured.err
    assert "1,450 parameters are trained" in captured.err
    weights = load_weights(Path("run"))
    assert all(torch.equal(weights[name], first[name]) for name in weights if "base" in name)
    command = ["train", "--resume", "run", "--weights", "first"]
    assert main(command) == 2
    assert "goes on from its own checkpoint" in capsys.readouterr().err


def test_what_is_skipped_starts_from_its_initialiser(folder: Path) -> None:
    data = "{dataset: digits, split: {test: 0.9}}"
    spec = f"name: other\nextends: old.yaml\ntrain: {{data: {data}, epochs: 1, freeze: stem}}\n"
    (folder / "other.yaml").write_text(spec)
    # Ten classes want ten units, and the other classifier has seven.
    (folder / "old.yaml").write_text(OLD.replace("features: 7", "features: 10"))
    made = trained("other.yaml", weights="{file: old.safetensors, skip: [classifier, norm]}")
    assert torch.equal(made["stem.weight"], load_weights(Path("old.safetensors"))["stem.weight"])
    assert float((made["norm.weight"] - 1).abs().max()) < 0.1


FAULTS: Mapping[str, tuple[str, int, tuple[str, ...]]] = {
    "no file": (
        "{file: none.safetensors, to: base}", 3,
        ("new.yaml:10:3: cannot read", "none.safetensors: No such file", "--weights"),
    ),
    "not weights": ("{file: new.yaml, to: base}", 3, ("does not hold weights",)),
    "all of another network": (
        "old.safetensors", 1,
        ("lacks base.stem.weight", "if they are those of `base`, write `to: base`"),
    ),
    "the wrong layer": (
        "{file: old.safetensors, to: top}", 1,
        ("is not for all of `top`: it lacks weight, bias", "weights of another network"),
    ),
    "an idle pattern": (
        "{file: old.safetensors, to: base, skip: clasifier}", 1,
        ("`skip` has `clasifier`", "below `base`"),
    ),
    "nothing that is taken": (
        "{file: old.safetensors, to: base, skip: '*'}", 1, ("`skip` leaves nothing to take of",)
    ),
    "a layer of the same name inside": (
        "{file: old.safetensors, to: stem}", 1, ("is of more than `stem`: leave `to` out",)
    ),
    "no finite number": (
        "{file: nan.safetensors, to: base}", 3,
        ("nan.safetensors: stem.bias holds values that are no finite", "training diverged"),
    ),
    "too large for single precision": (
        "{file: huge.pt, to: base}", 3, ("huge.pt: stem.bias holds values",)
    ),
    "a cross-validation": (
        "{file: folds, to: base}", 3, ("folds is a cross-validation", "folds/fold-1"),
    ),
    "links that go round": (
        "{file: loop, to: base}", 3, ("cannot read", "Too many levels of symbolic links"),
    ),
    "an unknown layer": (
        "{file: old.safetensors, to: bse}", 1, ("no layer is called `bse`", "did you mean `base`?")
    ),
    "a layer without weights": (
        "{file: old.safetensors, to: flatten}", 1, ("`flatten` has no weights",)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("weights", "code", "said"), FAULTS.values(), ids=FAULTS)
def test_weights_that_do_not_fit_are_told_before_anything_is_made(
    weights: str,
    code: int,
    said: tuple[str, ...],
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = NEW.replace("{file: old.safetensors, to: base}", weights)
    (folder / "new.yaml").write_text(text.replace("name: top", "name: stem") if "stem" in weights
                                     else text)  # fmt: skip
    broken = {**old_weights(), "stem.bias": torch.tensor([1, 2, 3, torch.nan])}
    save_file(broken, folder / "nan.safetensors")
    huge = {**old_weights(), "stem.bias": torch.full((4,), 1e300, dtype=torch.float64)}
    torch.save(huge, folder / "huge.pt")
    (folder / "folds/fold-1").mkdir(parents=True)
    (folder / "loop").symlink_to("loop")
    assert main(["train", "new.yaml", "--device", "cpu", "-o", "run"]) == code
    error = " ".join(capsys.readouterr().err.split())
    assert all(words in error for words in said), error
    assert not (folder / "run").exists()


def test_a_top_of_another_shape_is_told_with_what_to_skip(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = "{dataset: digits, split: {test: 0.9}}"
    (folder / "old.yaml").write_text(OLD.replace("features: 7", "features: 10"))
    spec = f"name: other\nextends: old.yaml\ntrain: {{data: {data}, epochs: 1}}\n"
    (folder / "other.yaml").write_text(spec)
    assert main(["train", "other.yaml", "--weights", "old.safetensors", "-o", "run"]) == 1
    error = capsys.readouterr().err
    assert "classifier.weight is [7, 144] instead of [10, 144]" in error
    assert 'write `skip: ["classifier.*"]` in train.weights' in error
    weights = "{file: old.safetensors, skip: norm}"
    (folder / "other.yaml").write_text(spec.replace("epochs: 1", f"epochs: 1, weights: {weights}"))
    assert main(["train", "other.yaml", "-o", "run"]) == 1
    assert 'write `skip: ["norm", "classifier.*"]` in train.weights' in capsys.readouterr().err


def test_a_resumed_run_takes_its_checkpoint_and_not_the_file(folder: Path) -> None:
    expected = old_weights()
    trained("new.yaml", stop_at="{train_loss: 1e9}", epochs="2")
    (folder / "run/metrics.json").unlink()  # as if it had been interrupted
    (folder / "old.safetensors").unlink()
    result = compile_spec("run/spec.yaml")
    assert result.train is not None
    assert resume(Path("run"), result.graph, result.train, result.resolved, device="cpu").metrics
    weights = load_weights(Path("run"))
    assert torch.equal(weights["base.stem.bias"], expected["stem.bias"])


def test_a_run_without_a_checkpoint_begins_with_the_file_again(folder: Path) -> None:
    whole = trained("new.yaml", "whole")
    trained("new.yaml", "part")
    for file in ("metrics.json", "metrics.csv", "checkpoints/last.ckpt"):
        (folder / "part" / file).unlink()
    result = compile_spec("part/spec.yaml")
    assert result.train is not None
    resume(Path("part"), result.graph, result.train, result.resolved, device="cpu")
    part = load_weights(Path("part"))
    assert all(torch.equal(part[name], tensor) for name, tensor in whole.items())
