"""`archspec evaluate`: the figures of training again, from a run and from an ONNX file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from runs import SPECS, compiled, trained

from archspec.cli import main
from archspec.training.data.dataset import load
from archspec.training.loop.objective import main_input
from archspec.training.record.evaluation import scores_of
from archspec.training.run import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(
        "iris",
        tmp_path_factory.mktemp("evaluate") / "run",
        epochs=8,
        data__split__validation=0.2,
        metrics="[accuracy, f1, auc]",
    )


@pytest.fixture(scope="module")
def model(run: Run) -> Path:
    path = run.directory.parent / "iris.onnx"
    spec = str(run.directory / "spec.yaml")
    assert main(["export", spec, "--onnx", "--weights", str(run.directory), "-o", str(path)]) == 0
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    capsys.readouterr()
    assert main(["evaluate", *map(str, arguments), "--format", "json"]) == 0
    made: dict[str, object] = json.loads(capsys.readouterr().out)
    return made


@pytest.mark.parametrize("split", ["test", "validation"])
def test_a_run_has_the_figures_that_training_reported(
    run: Run, split: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = told(capsys, run.directory, "--split", split)
    assert made["metrics"] == pytest.approx(run.metrics[split], abs=2e-6)
    splits = run.metrics["splits"]
    assert isinstance(splits, dict)
    assert made["examples"] == splits[split]


def test_an_onnx_file_has_the_same_figures(
    run: Run, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = told(capsys, model)
    assert made["metrics"] == pytest.approx(run.metrics["test"], abs=1e-5)
    assert made["classes"] == told(capsys, run.directory)["classes"]


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_a_model_with_its_preprocessing_has_the_same_figures(
    layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, run = tmp_path / "net.yaml", tmp_path / "run"
    spec.write_text(
        "name: net\ninputs: {image: [1, 8, 8]}\nlayers: [flatten, linear: 10]\n"
        "train: {data: {dataset: digits, preprocess: [rescale: 0.0625]}, epochs: 1}\n"
    )
    assert main(["train", str(spec), "-o", str(run), "--device", "cpu"]) == 0
    model = tmp_path / "net.onnx"
    export = ["export", str(spec), "--onnx", "--weights", str(run), "-o", str(model)]
    assert main([*export, "--embed-preprocessing", layout]) == 0
    known = told(capsys, run)
    made = told(capsys, model)
    assert made["metrics"] == pytest.approx(known["metrics"], abs=1e-5)
    assert (made["examples"], made["classes"]) == (known["examples"], known["classes"])


def test_what_precision_and_recall_are_of_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, run = tmp_path / "net.yaml", tmp_path / "run"
    spec.write_text(
        "name: net\ninputs: {x: [30]}\nlayers: [batch_norm, linear: 1]\n"
        "train: {data: {dataset: breast_cancer}, loss: binary_cross_entropy,\n"
        "  metrics: [precision, recall], epochs: 1}\n"
    )
    assert main(["train", str(spec), "-o", str(run), "--device", "cpu"]) == 0
    made = told(capsys, run)
    assert made["of"] == "precision and recall are of the class benign"
    metrics, classes = made["metrics"], made["classes"]
    assert isinstance(metrics, dict)
    assert isinstance(classes, list)
    benign = next(row for row in classes if row["name"] == "benign")
    assert (metrics["precision"], metrics["recall"]) == pytest.approx(
        (benign["precision"], benign["recall"])
    )


def test_a_file_of_examples_is_a_split(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = compiled("iris", data__split__validation=0.2)
    assert result.train is not None
    test = load(result.train.data, main_input(result.graph).type).splits["test"]
    np.savez(tmp_path / "own.npz", x=test.inputs.numpy(), y=test.targets.numpy())
    made = told(capsys, run.directory, "--split", tmp_path / "own.npz")
    assert made["metrics"] == pytest.approx(run.metrics["test"], abs=2e-6)


def test_examples_that_are_not_the_networks_are_told(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "other.npz", x=np.ones((9, 3)), y=np.arange(9) % 3)
    assert main(["evaluate", str(run.directory), "--split", str(tmp_path / "other.npz")]) == 1
    assert "other gives examples of 3, but the network takes" in capsys.readouterr().err


def test_a_table_says_how_each_class_is_found(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["evaluate", str(run.directory)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "iris, test: 45 examples"
    assert lines[2].split()[0] == "loss"
    assert [line.split()[0] for line in lines[-3:]] == ["setosa", "versicolor", "virginica"]
    assert sum(int(line.split()[-1]) for line in lines[-3:]) == 45


def test_pictures_are_written_on_request(run: Run, tmp_path: Path) -> None:
    assert main(["evaluate", str(run.directory), "-o", str(tmp_path / "new/out")]) == 0
    names = {path.name for path in (tmp_path / "new/out").iterdir()}
    assert names == {"confusion.csv", "confusion.png"}  # flowers are measured, not pictured
    (tmp_path / "file").touch()
    assert main(["evaluate", str(run.directory), "-o", str(tmp_path / "file")]) == 2


def test_a_fold_is_evaluated_on_what_it_was_validated_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained("iris", tmp_path / "run", epochs=1, data__split__folds=2)
    fold = tmp_path / "run/fold-2"
    reported = json.loads((fold / "metrics.json").read_text())["validation"]
    made = told(capsys, fold, "--split", "validation")
    assert made["metrics"] == pytest.approx(reported, abs=2e-6)
    assert main(["evaluate", str(tmp_path / "run")]) == 2
    assert "is a cross-validation" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere"], 3, "nowhere is not there"),
        (["nowhere.onnx"], 3, "cannot read nowhere.onnx"),
        (["."], 2, "neither a run, which has a spec.yaml, nor an .onnx file"),
        (["RUN", "--split", "tset"], 2, "there is no split `tset`"),
        (["RUN", "--split", "no.npz"], 3, "cannot read no.npz"),
        (["RUN", str(SPECS / "googlenet.yaml")], 2, "googlenet has no `train` section"),
        (["RUN", str(SPECS / "lenet5.yaml")], 1, "weight"),
    ],
)
def test_what_cannot_be_evaluated_is_told(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [str(run.directory) if word == "RUN" else word for word in arguments]
    assert main(["evaluate", *given]) == code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("end", "loss", "function"),
    [
        ("softmax", "cross_entropy", lambda scores: scores.softmax(1)),
        ("sigmoid", "binary_cross_entropy", torch.sigmoid),
        ("softmax", "mse", None),
    ],
)
def test_scores_are_found_again_behind_what_a_network_ends_in(
    end: str, loss: str, function: object
) -> None:
    from archspec.frontend import compile_text

    graph = compile_text(
        f"name: a\ninputs: {{x: [4]}}\nlayers: [linear: 3, {end}]\n", "a.yaml"
    ).graph
    scores = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    if not callable(function):
        assert scores_of(graph, loss, scores) is scores
        return
    likely = function(scores)
    again = function(scores_of(graph, loss, likely))
    torch.testing.assert_close(again, likely)
    assert scores_of(graph, loss, torch.zeros(1, 3)).isfinite().all()


def test_a_device_that_is_not_there_is_told(
    run: Run, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if torch.backends.mps.is_available():
        pytest.skip("the device is there")
    assert main(["evaluate", str(run.directory), "--device", "mps"]) == 3
    assert "use --device cpu" in capsys.readouterr().err
    assert main(["evaluate", str(model), "--provider", "coreml"]) == 3
    assert "use --provider cpu" in capsys.readouterr().err


def test_a_table_without_the_truth_is_told_which_column_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{x},{3 * x}" for x in range(40)]
    (tmp_path / "known.csv").write_text("\n".join(["area,price", *rows]))
    (tmp_path / "new.csv").write_text("area\n1\n2\n")
    spec = tmp_path / "price.yaml"
    spec.write_text(
        "name: price\ninputs: {x: [1]}\nlayers: [linear: 1]\ntrain: {epochs: 1, loss: mse, "
        "data: {table: {file: known.csv, target: price}, targets: values}}\n"
    )
    assert main(["train", str(spec), "-o", str(tmp_path / "run")]) == 0
    assert main(["evaluate", str(tmp_path / "run"), "--split", str(tmp_path / "new.csv")]) == 1
    assert "add the column price" in capsys.readouterr().err
