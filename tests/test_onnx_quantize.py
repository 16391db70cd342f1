"""Models in 8-bit integers, and the examples that they are calibrated with."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pytest
import torch
from execution import balanced_weights, difference, run_torch
from onnx import TensorProto
from onnxruntime import InferenceSession
from sklearn.linear_model import LogisticRegression

from archspec.backends.onnx import model_of
from archspec.backends.onnx.effect import difference as logit_difference
from archspec.backends.onnx.quantize import QuantizationError, quantized
from archspec.frontend import Compiled, compile_text
from archspec.ir.graph import Graph
from archspec.training.data.dataset import Dataset, load
from archspec.training.errors import TrainingError
from archspec.training.loop.objective import main_input
from archspec.training.prediction import calibration
from archspec.training.prediction.calibration import calibration_data, calibration_file, results

HEAD = """\
name: small
inputs: {image: [1, 8, 8]}
layers:
  - conv2d: {out_channels: 16, kernel_size: 3}
  - batch_norm
  - relu
  - flatten
"""
TRAIN = """\
train:
  data: {dataset: digits, preprocess: [rescale: 0.0625]}
  epochs: 1
"""
SPEC = f"{HEAD}  - linear: {{name: fc, out_features: 10}}\n{TRAIN}"
CAUSAL = """\
name: causal
inputs: {x: [6, 8]}
layers: [multi_head_attention: {num_heads: 2, causal: true}]
"""


class Trained(NamedTuple):
    """A network that knows digits, and those."""

    compiled: Compiled
    data: Dataset
    model: onnx.ModelProto


@pytest.fixture(scope="module")
def trained() -> Trained:
    """A layer of random features, and a linear one that scikit-learn has trained."""
    compiled = compile_text(SPEC, "small.yaml")
    assert compiled.train
    data = load(compiled.train.data, main_input(compiled.graph).type)
    features = compile_text(HEAD, "head.yaml").graph
    weights = dict(balanced_weights(features))
    images = {"image": data.splits["train"].inputs.numpy()}
    (array,) = run_torch(features, weights, images).values()
    fitted = LogisticRegression(max_iter=300).fit(array, data.splits["train"].targets)
    weights |= {
        "fc.weight": fitted.coef_.astype(np.float32),
        "fc.bias": fitted.intercept_.astype(np.float32),
    }
    return Trained(compiled, data, model_of(compiled.graph, weights, metadata={"a": "b"}))


def _accuracy(trained: Trained, model: onnx.ModelProto) -> float:
    assert trained.compiled.train
    return results(trained.compiled.graph, trained.compiled.train, trained.data, model)["accuracy"]


def _scales(model: onnx.ModelProto, name: str) -> tuple[int, ...]:
    (scale,) = [t for t in model.graph.initializer if t.name == f"{name}_scale"]
    return tuple(scale.dims)


def test_accuracy_hardly_suffers_on_examples_it_was_not_calibrated_with(trained: Trained) -> None:
    graph, test = trained.compiled.graph, trained.data.splits["test"]
    made = quantized(trained.model, calibration_data(graph, trained.data))
    onnx.checker.check_model(made, full_check=True)
    before, after = (_accuracy(trained, model) for model in (trained.model, made))
    assert before > 0.95
    assert before - 0.01 <= after
    batches = [{"image": test.inputs.numpy()}]
    assert 1e-4 < logit_difference(trained.model, made, batches) < 0.05
    # What it has not seen in calibration it cannot tell apart.
    dark = [{"image": test.inputs.numpy() / 100}]
    assert _accuracy(trained, quantized(trained.model, dark)) < before - 0.2


def test_weights_are_bytes_with_a_scale_for_each_channel(trained: Trained) -> None:
    made = quantized(trained.model, calibration_data(trained.compiled.graph, trained.data))
    types = {tensor.name: tensor.data_type for tensor in made.graph.initializer}
    assert types["conv2d.weight_quantized"] == TensorProto.INT8
    assert types["fc.weight_quantized"] == TensorProto.INT8
    assert _scales(made, "conv2d.weight") == (16,)
    assert _scales(made, "fc.weight") == (10,)
    assert made.graph.input == trained.model.graph.input
    assert made.metadata_props == trained.model.metadata_props


def test_accuracy_is_that_of_the_network_itself(trained: Trained) -> None:
    test = trained.data.splits["test"]
    (scores,) = InferenceSession(trained.model.SerializeToString()).run(
        None, {"image": test.inputs.numpy()}
    )
    expected = float((scores.argmax(axis=1) == test.targets.numpy()).mean())
    assert _accuracy(trained, trained.model) == pytest.approx(expected)


def test_nothing_is_logged(trained: Trained, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        quantized(trained.model, calibration_data(trained.compiled.graph, trained.data))
        logging.getLogger().warning("and afterwards all is as before")
    assert [record.message for record in caplog.records] == ["and afterwards all is as before"]


def test_masks_of_attention_are_left_alone() -> None:
    graph = compile_text(CAUSAL, "causal.yaml").graph
    weights = balanced_weights(graph)
    inputs = {"x": np.random.default_rng(1).normal(size=(4, 6, 8)).astype(np.float32)}
    made = quantized(model_of(graph, weights, metadata={}), [inputs])
    (given,) = InferenceSession(made.SerializeToString()).run(None, inputs)
    (expected,) = run_torch(graph, weights, inputs).values()
    assert 0 < difference(expected, given) < 0.1


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "there are no examples to calibrate with"),
        ([np.full((2, 1, 8, 8), np.nan, np.float32)], "cannot quantise the model: scale issue"),
        ([np.zeros((2, 1, 9, 9), np.float32)], "cannot quantise the model: "),
    ],
)
def test_what_cannot_calibrate_is_refused(
    images: list[np.ndarray], message: str, trained: Trained
) -> None:
    with pytest.raises(QuantizationError, match=message) as error:
        quantized(trained.model, [{"image": array} for array in images])
    assert "--calibration FILE.npz" in error.value.help


def test_a_network_without_products_is_refused() -> None:
    graph = compile_text("name: a\ninputs: {x: [4]}\nlayers: [softmax]\n", "a.yaml").graph
    with pytest.raises(QuantizationError, match="nothing in the network can be quantised"):
        quantized(model_of(graph, {}, metadata={}), [{"x": np.ones((2, 4), np.float32)}])


def test_calibration_looks_at_the_training_split_alone(trained: Trained) -> None:
    batches = calibration_data(trained.compiled.graph, trained.data)
    seen = torch.from_numpy(np.concatenate([batch["image"] for batch in batches])).flatten(1)
    splits = {name: examples.inputs.flatten(1) for name, examples in trained.data.splits.items()}
    assert len(seen) == calibration.CALIBRATION < len(splits["train"])
    assert torch.cdist(seen, splits["train"]).min(dim=1).values.max() == 0
    assert torch.cdist(seen, splits["test"]).min(dim=1).values.min() > 0


def _file(folder: Path, **arrays: object) -> Path:
    np.savez(folder / "examples.npz", **arrays)  # type: ignore[arg-type]
    return folder / "examples.npz"


@pytest.mark.parametrize("shape", [(70, 8, 8), (70, 1, 8, 8)])
def test_a_file_is_preprocessed_as_for_training(
    shape: tuple[int, ...], trained: Trained, tmp_path: Path
) -> None:
    compiled = trained.compiled
    assert compiled.train
    path = _file(tmp_path, x=np.full(shape, 16, np.uint8))
    batches = calibration_file(compiled.graph, path, compiled.train.data)
    assert [batch["image"].shape for batch in batches] == [(n, 1, 8, 8) for n in (32, 32, 6)]
    assert all((batch["image"] == 1).all() for batch in batches)
    (first, *_) = calibration_file(compiled.graph, path)
    assert (first["image"] == 16).all()


def test_an_array_x_is_preprocessed_also_where_the_input_is_called_so(tmp_path: Path) -> None:
    compiled = compile_text(SPEC.replace("image:", "x:"), "small.yaml")
    assert compiled.train
    path = _file(tmp_path, x=np.full((3, 8, 8), 16, np.uint8))
    (batch,) = calibration_file(compiled.graph, path, compiled.train.data)
    assert np.array_equal(batch["x"], np.ones((3, 1, 8, 8)))


def test_a_file_has_an_array_for_each_input(tmp_path: Path) -> None:
    graph = _two_inputs()
    a, b = np.arange(6.0).reshape(3, 2), np.arange(9.0).reshape(3, 3)
    (batch,) = calibration_file(graph, _file(tmp_path, a=a, b=b))
    order = np.argsort(batch["a"][:, 0])
    assert np.array_equal(batch["a"][order], a.astype(np.float32))
    assert np.array_equal(batch["b"][order], b.astype(np.float32))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((3, 2))}, "holds x, but the network takes a, b"),
        ({"a": np.zeros((3, 2)), "b": np.zeros((3, 4))}, "gives examples of a: 2, b: 4, but"),
        ({"a": np.zeros((3, 2)), "b": np.zeros((2, 3))}, "gives examples of a: 2, b: 3, but"),
        ({"a": np.zeros((3, 2)), "b": np.array(["x"] * 3)}, "b in .* holds <U1, not numbers"),
        ({"a": np.full((3, 2), np.inf), "b": np.zeros((3, 3))}, "NaN or infinite"),
    ],
)
def test_a_file_of_something_else_is_refused(
    arrays: Mapping[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=message):
        calibration_file(_two_inputs(), _file(tmp_path, **arrays))


def _two_inputs() -> Graph:
    spec = "name: two\ninputs: {a: [2], b: [3]}\nlayers: [concat: [a, b], linear: 2]\n"
    return compile_text(spec, "two.yaml").graph


def test_energies_of_neighbours_are_not_quantised() -> None:
    graph = compile_text(
        "name: normal\ninputs: {x: [3, 6, 6]}\nlayers:\n"
        "- conv2d: {out_channels: 8, kernel_size: 3}\n- local_response_norm: 5\n"
        "- conv2d: {name: last, out_channels: 4, kernel_size: 3}\n",
        "normal.yaml",
    ).graph
    weights = balanced_weights(graph)
    images = 10 * np.random.default_rng(0).standard_normal((16, 3, 6, 6)).astype(np.float32)
    model = model_of(graph, weights, metadata={})
    made = quantized(model, [{"x": images}])
    norm = [n for n in made.graph.node if n.name.startswith("local_response_norm.")]
    square, energy = norm[:2]
    assert (square.op_type, energy.op_type) == ("Mul", "Conv")
    assert energy.input[0] == square.output[0]
    (expected,) = run_torch(graph, weights, {"x": images}).values()
    (found,) = InferenceSession(made.SerializeToString()).run(None, {"x": images})
    assert difference(expected, found) <= 0.05
