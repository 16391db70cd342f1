"""What preprocessing learns in a run goes with its weights: into files, models and predictions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession
from PIL import Image
from predicting import predict
from sklearn.datasets import load_sample_images

from archspec.backends.fitted_step import from_json
from archspec.cli import main
from archspec.frontend import Compiled, compile_spec
from archspec.training.data.dataset import Dataset, load
from archspec.training.loop.objective import main_input
from archspec.training.prediction.calibration import calibration_file
from archspec.training.preprocessing import apply

SPEC = """\
name: pieces
inputs: {image: [1, 10, 10]}
layers: [flatten, linear: 2]
train:
  data:
    npz: pieces.npz
    channels_last: true
    preprocess:
      - color_mode: grayscale
      - rescale: 0.00392156862745098
      - resize: [10, 10]
      - standardize
      - whiten: {epsilon: 0.1}
    augment: {horizontal_flip: true, mixup: 0.2}
  epochs: 2
  optimizer: {adam: {lr: 0.05}}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a run on pieces of two photographs, which are the classes."""
    folder = tmp_path_factory.mktemp("run")
    images = np.stack(load_sample_images().images)[:, :420, :640]
    pieces = images.reshape(2, 21, 20, 32, 20, 3).transpose(0, 1, 3, 2, 4, 5)[:, ::3, ::3]
    x = pieces.reshape(-1, 20, 20, 3)
    np.savez(folder / "pieces.npz", x=x, y=np.repeat([0, 1], len(x) // 2))
    (folder / "spec.yaml").write_text(SPEC)
    assert main(["train", str(folder / "spec.yaml"), "-o", str(folder / "run")]) == 0
    return folder / "run"


def _data(run: Path) -> tuple[Compiled, Dataset]:
    compiled = compile_spec(str(run.parent / "spec.yaml"))
    assert compiled.train is not None
    return compiled, load(compiled.train.data, main_input(compiled.graph).type)


def _exported(run: Path, output: Path, *arguments: str) -> int:
    weights = str(run / "checkpoints" / "last.ckpt")
    spec = str(run.parent / "spec.yaml")
    return main(["export", spec, "--onnx", "--weights", weights, "-o", str(output), *arguments])


def _outputs(model: Path, images: np.ndarray) -> np.ndarray:
    (made,) = InferenceSession(model.read_bytes()).run(None, {"image": images})
    return np.asarray(made)


def test_the_run_directory_and_the_model_have_what_was_learnt(run: Path, tmp_path: Path) -> None:
    _, data = _data(run)
    assert _exported(run, tmp_path / "model.onnx") == 0
    entries = onnx.load(tmp_path / "model.onnx").metadata_props
    (said,) = (entry.value for entry in entries if entry.key == "archspec.preprocess")
    raw = torch.from_numpy(np.load(run.parent / "pieces.npz")["x"]).permute(0, 3, 1, 2).float()
    examples = data.splits["test"]
    for text in (said, (run / "preprocess.json").read_text()):
        made = apply(raw[examples.indices], from_json(json.loads(text)))
        assert torch.equal(made, examples.inputs)


def test_a_picture_gets_the_prediction_that_it_had_as_an_array(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, data = _data(run)
    model = tmp_path / "model.onnx"
    assert _exported(run, model) == 0
    said = predict(capsys, model, "--split", "test")
    assert said.code == 0
    raw = np.load(run.parent / "pieces.npz")["x"]
    for index in data.splits["test"].indices[:3]:
        picture = tmp_path / f"{index}.png"
        Image.fromarray(raw[index]).save(picture)
        (line,) = (line for line in said.out.splitlines() if line.split()[:1] == [str(index)])
        probability = next(word for word in line.split() if word.endswith("%"))
        assert probability in predict(capsys, model, picture).out


@pytest.mark.parametrize("smaller", [(), ("--int8",)])
def test_a_model_may_hold_all_of_it(run: Path, tmp_path: Path, smaller: tuple[str, ...]) -> None:
    _, data = _data(run)
    assert _exported(run, tmp_path / "plain.onnx", *smaller) == 0
    assert _exported(run, tmp_path / "whole.onnx", "--embed-preprocessing", "nhwc", *smaller) == 0
    examples = data.splits["test"]
    raw = np.load(run.parent / "pieces.npz")["x"][examples.indices]
    expected = _outputs(tmp_path / "plain.onnx", examples.inputs.numpy())
    given = _outputs(tmp_path / "whole.onnx", raw)
    # Where values are rounded to 8 bits, the last bit of what is given may decide.
    assert np.abs(given - expected).max() <= (5e-2 if smaller else 1e-4)
    assert np.ptp(expected) > 0.5


def test_calibration_sees_what_training_saw(run: Path) -> None:
    compiled, data = _data(run)
    assert compiled.train is not None
    file = run.parent / "pieces.npz"
    batches = calibration_file(compiled.graph, file, compiled.train.data, data.steps)
    seen = {example.tobytes() for batch in batches for example in batch["image"]}
    test = data.splits["test"].inputs.numpy()
    assert {example.tobytes() for example in test} <= seen


def test_only_batches_of_training_wait_for_augmentation(run: Path) -> None:
    compiled, data = _data(run)
    assert compiled.train is not None
    plain = load(
        compiled.train.data.model_copy(update={"augment": None}), main_input(compiled.graph).type
    )
    assert [step.step.name for step in data.late] == ["standardize", "whiten"]
    for name in ("train", "test"):
        torch.testing.assert_close(data.splits[name].inputs, plain.splits[name].inputs)
    early = data.splits["train"].early(range(5))
    assert 0 <= float(early.min()) < float(early.max()) <= 1


def test_weights_without_a_run_do_not_know_what_was_learnt(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, model = str(run.parent / "spec.yaml"), tmp_path / "model.onnx"
    assert main(["export", spec, "--onnx", "-o", str(model)]) == 0
    told = "what `standardize` and `whiten` learnt is not known without a run"
    assert told in capsys.readouterr().out
    said = predict(capsys, model, "--split", "test")
    assert said.code == 1
    assert "`standardize` learns from the training examples, and what it learnt" in said.err
    assert main(["export", spec, "--onnx", "-o", str(model), "--embed-preprocessing"]) == 1
    assert "export with --weights of a run" in capsys.readouterr().err
