"""`archspec predict`: the exported model on its spec's data, beside the network it came from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from runs import compiled, trained
from scipy.special import softmax
from sklearn.datasets import load_digits, load_iris

from archspec.backends.metadata import SPEC, SPEC_HASH, spec_hash
from archspec.cli import main
from archspec.training.prediction.probabilities import probabilities
from archspec.training.run import Run


class Exported(NamedTuple):
    run: Run
    model: Path


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return _exported("iris", tmp_path_factory.mktemp("iris"), epochs=40)


@pytest.fixture(scope="module")
def lenet(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return _exported("lenet5", tmp_path_factory.mktemp("lenet"), epochs=2)


def _exported(name: str, folder: Path, **settings: object) -> Exported:
    run = trained(name, folder / "run", **settings)
    model = folder / "model.onnx"
    # The run's spec, so that the model carries the settings that it was trained with.
    spec = str(run.directory / "spec.yaml")
    arguments = ["export", spec, "--onnx", "--weights", str(run.directory), "-o", str(model)]
    assert main(arguments) == 0
    return Exported(run, model)


def predict(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["predict", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_model_is_as_accurate_as_its_run(
    lenet: Exported, iris: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    for run, model in (lenet, iris):
        for split in ("train", "test"):
            code, out, err = predict(capsys, model, "--format", "json", "--split", split)
            made = json.loads(out)
            assert (code, err) == (0, "")
            assert made["examples"] == run.metrics["splits"][split]  # type: ignore[index]
            assert len(made["predictions"]) == made["examples"]
            if split == "test":  # the training split is measured while the weights change
                accuracy = run.metrics["test"]["accuracy"]  # type: ignore[index]
                assert made["accuracy"] == pytest.approx(accuracy, abs=1e-6)


def test_predictions_name_example_truth_and_class(
    iris: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    made = json.loads(predict(capsys, iris.model, "--format", "json")[1])
    bunch = load_iris()
    for row in made["predictions"]:
        assert row["truth"] == bunch.target_names[bunch.target[row["index"]]]
        assert 1 / 3 <= row["probability"] <= 1
    right = sum(row["truth"] == row["prediction"] for row in made["predictions"])
    assert made["correct"] == right
    assert made["accuracy"] == right / 45


def test_scores_are_turned_into_probabilities_and_probabilities_left_alone() -> None:
    outputs = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]], np.float32)
    assert np.array_equal(probabilities(compiled("iris").graph, outputs), outputs)
    np.testing.assert_allclose(
        probabilities(compiled("lenet5").graph, outputs), softmax(outputs, axis=1), rtol=1e-6
    )


@pytest.mark.parametrize("name", ["lenet", "iris"])
def test_the_network_and_its_weights_say_the_same(
    name: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    run, model = request.getfixturevalue(name)
    code, out, _ = predict(capsys, model, "--weights", run.directory, "--format", "json")
    comparison = json.loads(out)["comparison"]
    assert code == 0
    assert comparison["agrees"] is True
    assert comparison["largest_difference"] <= 1e-5
    assert comparison["accuracy"] == json.loads(out)["accuracy"]


def test_other_weights_say_something_else(
    iris: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = trained("iris", tmp_path / "other", epochs=40, seed=1)
    code, out, _ = predict(capsys, iris.model, "--weights", other.directory)
    assert code == 1
    assert "not the same" in out.splitlines()[1]


def test_weights_of_another_network_are_refused(
    iris: Exported, lenet: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = predict(capsys, iris.model, "--weights", lenet.run.directory)
    assert (code, out) == (1, "")
    assert "the weights are not those of iris" in err
    assert predict(capsys, iris.model, "--weights", "nowhere")[0] == 3


def test_a_table_shows_ten_predictions_or_as_many_as_asked_for(
    lenet: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = predict(capsys, lenet.model)[1].splitlines()
    assert lines[0].startswith("digits, test: ")
    assert lines[2].split() == ["index", "truth", "prediction", "probability"]
    assert len(lines[3:]) == 10
    digits = load_digits().target
    assert all(int(line.split()[1]) == digits[int(line.split()[0])] for line in lines[3:])
    assert len(predict(capsys, lenet.model, "--limit", 2)[1].splitlines()) == 5
    assert len(predict(capsys, lenet.model, "--limit", 0)[1].splitlines()) == 1


def test_csv_is_a_row_for_each_prediction(
    iris: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = predict(capsys, iris.model, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["index", "truth", "prediction", "probability"]
    assert len(rows) == 45


def test_a_split_that_the_spec_does_not_make_is_told(
    iris: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = predict(capsys, iris.model, "--split", "validation")
    assert (code, out) == (2, "")
    assert "keeps no examples for validation" in err


def test_files_that_are_no_models_of_ours_are_told(
    tmp_path: Path, iris: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = predict(capsys, tmp_path / "missing.onnx")
    assert (code, "cannot read" in err) == (3, True)
    for content in (b"", b"hello", iris.model.read_bytes()[:500]):
        (tmp_path / "broken.onnx").write_bytes(content)
        code, _, err = predict(capsys, tmp_path / "broken.onnx")
        assert (code, "is not an ONNX model" in err) == (2, True)
    bare = onnx.load(iris.model)
    del bare.metadata_props[:]
    onnx.save(bare, tmp_path / "bare.onnx")
    code, _, err = predict(capsys, tmp_path / "bare.onnx")
    assert (code, "carries no spec" in err) == (2, True)


def _fixed_batch(model: onnx.ModelProto) -> None:
    for info in (*model.graph.input, *model.graph.output):
        info.type.tensor_type.shape.dim[0].dim_value = 1


def _ending_in(model: onnx.ModelProto, output: onnx.ValueInfoProto, *nodes: onnx.NodeProto) -> None:
    """Puts nodes behind `probabilities`, which is then called `inner`."""
    for node in model.graph.node:
        node.output[:] = ["inner" if n == "probabilities" else n for n in node.output]
    model.graph.node.extend(nodes)
    model.graph.output[0].CopyFrom(output)
    del model.graph.value_info[:]


def _of_integers(model: onnx.ModelProto) -> None:
    output = helper.make_tensor_value_info("probabilities", TensorProto.INT64, ["batch", 3])
    cast = helper.make_node("Cast", ["inner"], ["probabilities"], to=TensorProto.INT64)
    _ending_in(model, output, cast)


def _scalar(model: onnx.ModelProto) -> None:
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [])
    node = helper.make_node("ReduceSum", ["inner"], ["probabilities"], keepdims=0)
    _ending_in(model, output, node)


def _pairs(model: onnx.ModelProto) -> None:
    """Doubles the classes, which the declared shape, being free, does not tell."""
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", "n"])
    _ending_in(model, output, helper.make_node("Concat", ["inner"] * 2, ["probabilities"], axis=1))


def _more_examples(model: onnx.ModelProto) -> None:
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 3])
    node = helper.make_node("Concat", ["inner"] * 2, ["probabilities"], axis=0)
    _ending_in(model, output, node)


def _extra_input(model: onnx.ModelProto) -> None:
    info = helper.make_tensor_value_info("extra", TensorProto.FLOAT, ["batch", 4])
    model.graph.input.append(info)


def _other_spec(model: onnx.ModelProto) -> None:
    stored = {entry.key: entry for entry in model.metadata_props}
    text = compiled("iris").resolved.replace("measurements", "flower")
    stored[SPEC].value, stored[SPEC_HASH].value = text, spec_hash(text)


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (
            _fixed_batch,
            "measurements is tensor(float) [1, 4], but its spec's is float32 [batch, 4]",
        ),
        (_of_integers, "probabilities is tensor(int64) [batch, 3], but its spec's is float32"),
        (_scalar, "probabilities is tensor(float) [], but its spec's is float32 [batch, 3]"),
        (_pairs, "probabilities is "),
        (_more_examples, "probabilities is float32 [90, 3] instead of float32 [45, 3]"),
        (_extra_input, "inputs are measurements, extra, but its spec's are measurements"),
        (_other_spec, "inputs are measurements, but its spec's are flower"),
    ],
)
def test_a_model_that_is_not_its_spec_s_is_told(
    tamper: Callable[[onnx.ModelProto], None],
    message: str,
    iris: Exported,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    model = onnx.load(iris.model)
    tamper(model)
    onnx.save(model, tmp_path / "tampered.onnx")
    code, out, err = predict(capfd, tmp_path / "tampered.onnx")
    assert (code, out) == (1, "")
    assert err.startswith("error: the model's ")
    assert message in err
    assert "export the model again" in err


def test_a_spec_that_was_changed_in_the_model_is_told(
    iris: Exported, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(iris.model)
    (spec,) = (entry for entry in model.metadata_props if entry.key == SPEC)
    spec.value += " "
    onnx.save(model, tmp_path / "changed.onnx")
    code, _, err = predict(capfd, tmp_path / "changed.onnx")
    assert code == 1
    assert "changed.onnx was changed after the export" in err


def test_outputs_that_are_no_numbers_are_shown_as_such(
    iris: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(iris.model)
    for init in model.graph.initializer:
        if init.name == "linear_3.bias":
            init.CopyFrom(numpy_helper.from_array(np.full(3, np.nan, np.float32), init.name))
    onnx.save(model, tmp_path / "nan.onnx")
    arguments = [tmp_path / "nan.onnx", "--weights", iris.run.directory]
    code, out, _ = predict(capsys, *arguments, "--format", "json")
    made = json.loads(out, parse_constant=pytest.fail)
    assert code == 1
    assert made["comparison"]["largest_difference"] is None
    assert {row["probability"] for row in made["predictions"]} == {None}
    code, out, err = predict(capsys, *arguments)
    assert (code, err) == (1, "")
    assert all("  nan" in line and "nan%" not in line for line in out.splitlines()[4:])


def test_a_spec_without_data_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "small.yaml"
    spec.write_text("name: small\ninputs: {x: [4]}\nlayers: [linear: 3]\n")
    model = tmp_path / "small.onnx"
    assert main(["export", str(spec), "--onnx", "-o", str(model)]) == 0
    code, _, err = predict(capsys, model)
    assert (code, "has no `train` section" in err) == (2, True)


def test_a_provider_that_is_not_there_is_told(
    iris: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("the provider is there")
    code, out, err = predict(capsys, iris.model, "--provider", "cuda")
    assert (code, out) == (3, "")
    assert "has no cuda provider" in err


@pytest.mark.parametrize("end", ["sigmoid", "identity"])
def test_one_output_that_says_yes_or_no_tells_two_classes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    spec, run, model = tmp_path / "net.yaml", tmp_path / "run", tmp_path / "net.onnx"
    spec.write_text(
        "name: net\ninputs: {x: [30]}\nlayers: [batch_norm, linear: 1, " + end + "]\n"
        "train: {data: {dataset: breast_cancer}, loss: binary_cross_entropy, epochs: 3}\n"
    )
    assert main(["train", str(spec), "-o", str(run), "--device", "cpu"]) == 0
    accuracy = json.loads((run / "metrics.json").read_text())["test"]["accuracy"]
    weights = ["--weights", str(run)]
    assert main(["export", str(spec), "--onnx", *weights, "-o", str(model)]) == 0
    capsys.readouterr()
    assert main(["predict", str(model), "--format", "json", *weights]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert {each["prediction"] for each in made["predictions"]} == {"benign", "malignant"}
