"""Training: real runs, their files, their repeatability, and how they fail."""

from __future__ import annotations

import csv
import json
import re
import warnings
from pathlib import Path

import pytest
import torch
from runs import SPECS, compiled, trained
from torch.nn.functional import cross_entropy

from archspec.backends.torch import build
from archspec.backends.weights import load_weights
from archspec.cli import main
from archspec.frontend import compile_text
from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training import run as run_module
from archspec.training.data.dataset import Dataset, load
from archspec.training.errors import OutputError, TrainingError
from archspec.training.loop.engine import quiet
from archspec.training.loop.objective import main_input, scores_graph
from archspec.training.prediction.predict import main_outputs, trained_network
from archspec.training.record.run_directory import create
from archspec.training.run import Run

NOISY = {"epochs": 12, "data__split__validation": 0.3, "optimizer": "{sgd: {lr: 1.0}}"}
"""Iris with a validation split, and steps so large that the last epoch is not the best."""


def rows(run: Run) -> list[dict[str, float]]:
    with (run.directory / "metrics.csv").open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained("iris", tmp_path_factory.mktemp("noisy") / "run", report=True, **NOISY)


def test_a_run_directory_holds_spec_checkpoints_and_metrics(noisy: Run) -> None:
    files = {str(p.relative_to(noisy.directory)) for p in noisy.directory.rglob("*.*")}
    assert {name for name in files if not name.startswith("tensorboard/")} == {
        ".lock", "spec.yaml", "environment.json", "metrics.csv", "metrics.json",
        "gradient_norms.csv",
        "checkpoints/best.ckpt", "checkpoints/last.ckpt", "curves.png", "gradient_norms.png",
        "confusion.csv", "confusion.png", "report.html",
    }  # fmt: skip
    again = compile_text((noisy.directory / "spec.yaml").read_text(), "spec.yaml")
    assert again.graph.nodes[0].op == compiled("iris").graph.nodes[0].op
    assert again.train == compiled("iris", **NOISY).train


def test_metrics_csv_has_a_row_for_each_epoch(noisy: Run) -> None:
    made = rows(noisy)
    assert list(made[0]) == [
        "epoch", "lr", "step", "train_accuracy", "train_loss", "validation_accuracy",
        "validation_loss",
    ]  # fmt: skip
    assert [row["epoch"] for row in made] == list(range(1, 13))
    assert [row["step"] for row in made] == [3 * epoch for epoch in range(1, 13)]
    assert {row["lr"] for row in made} == {1.0}


def test_metrics_json_says_what_came_out_and_of_what(noisy: Run) -> None:
    made = json.loads((noisy.directory / "metrics.json").read_text())
    assert made == noisy.metrics
    assert made["splits"] == {"train": 73, "validation": 32, "test": 45}
    assert (made["name"], made["variant"]) == ("iris", None)
    assert made["seeds"] == {"train": 0, "split": 1}
    assert made["versions"]["torch"] == torch.__version__
    assert made["device"] == "cpu"
    assert made["duration_s"] > 0


def test_the_checkpoint_of_the_lowest_validation_loss_is_selected_and_tested(noisy: Run) -> None:
    losses = [row["validation_loss"] for row in rows(noisy)]
    selected = noisy.metrics["selected_epoch"]
    assert isinstance(selected, int)
    assert losses[selected - 1] == min(losses)
    assert selected < len(losses)
    result = compiled("iris", **NOISY)
    assert result.train is not None
    for name in ("validation", "test"):
        examples = load(result.train.data, main_input(result.graph).type).splits[name]
        graph = scores_graph(result.graph)
        network = trained_network(graph, load_weights(noisy.directory))
        scores = main_outputs(network, graph, {next(iter(graph.inputs)): examples.inputs})
        loss = cross_entropy(scores, examples.targets).item()
        accuracy = (scores.argmax(1) == examples.targets).numpy().mean()
        assert noisy.metrics[name] == pytest.approx({"loss": loss, "accuracy": accuracy}, abs=2e-6)


def test_the_test_split_has_no_influence_on_training_or_selection(
    noisy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mislabelled(spec: Data, taken: TensorType, *, fold: int | None = None) -> Dataset:
        data = load(spec, taken, fold=fold)
        test = data.splits["test"]
        wrong = test._replace(targets=(test.targets + 1) % 3)
        return data._replace(splits={**data.splits, "test": wrong})

    monkeypatch.setattr(run_module, "load", mislabelled)
    run = trained("iris", tmp_path / "run", **NOISY)
    assert rows(run) == rows(noisy)
    assert run.metrics["selected_epoch"] == noisy.metrics["selected_epoch"]
    assert run.metrics["test"] != noisy.metrics["test"]


def test_the_same_seed_gives_the_same_run_to_the_last_bit(noisy: Run, tmp_path: Path) -> None:
    again = trained("iris", tmp_path / "again", **NOISY)
    other = trained("iris", tmp_path / "other", **NOISY, seed=1)
    csvs = [(run.directory / "metrics.csv").read_bytes() for run in (noisy, again, other)]
    assert csvs[0] == csvs[1] != csvs[2]
    weights = [load_weights(run.directory) for run in (noisy, again)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert {**noisy.metrics, "duration_s": 0} == {**again.metrics, "duration_s": 0}


def test_without_a_validation_split_the_last_epoch_is_the_checkpoint(tmp_path: Path) -> None:
    run = trained("iris", tmp_path / "run", epochs=3)
    assert [path.name for path in (run.directory / "checkpoints").iterdir()] == ["last.ckpt"]
    assert run.metrics["selected_epoch"] == 3
    assert run.metrics["selected_by"] == "last epoch"
    assert "validation" not in run.metrics
    assert "validation_loss" not in rows(run)[0]


def test_a_run_with_dropout_heads_and_several_outputs_trains(tmp_path: Path) -> None:
    text = """
    name: busy
    inputs: {image: [1, 8, 8]}
    layers:
      - conv2d: {out_channels: 4, kernel_size: 3}
      - batch_norm
      - auxiliary: {name: aux, weight: 0.3, layers: [flatten, linear: 10, softmax]}
      - dropout: 0.2
      - flatten
      - linear: {name: scores, out_features: 10}
      - softmax
    outputs: {probabilities: softmax, raw: scores}
    train: {data: {dataset: digits, split: {validation: 0.1}}, epochs: 2, batch_size: 256}
    """
    result = compile_text(text, "busy.yaml")
    assert result.train is not None
    runs = [
        run_module.train(
            result.graph,
            result.train,
            text,
            output=tmp_path / name,
            device="cpu",
            report=name == "a",
        )
        for name in "ab"
    ]
    assert rows(runs[0]) == rows(runs[1])
    build(result.graph).load_state_dict(load_weights(runs[0].directory))


def test_a_run_that_diverges_says_so_and_keeps_no_broken_weights(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="training diverged: the loss is nan in epoch 1"):
        trained(
            "iris", tmp_path / "run", optimizer="{sgd: {lr: 1e30, weight_decay: 1e30}}", epochs=3
        )
    assert not (tmp_path / "run/checkpoints").exists()


def test_a_directory_that_is_not_empty_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    spec = str(SPECS / "iris.yaml")
    assert main(["train", spec, "-o", str(tmp_path)]) == 2
    assert f"{tmp_path} is not empty" in capsys.readouterr().err
    assert main(["train", spec, "-o", str(tmp_path / "precious.txt")]) == 2
    assert "precious.txt is a file" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_runs_of_the_same_second_get_directories_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = [create(None, "iris", "name: iris") for _ in range(3)]
    assert len(set(made)) == 3
    for path in made:
        assert re.fullmatch(r"runs/iris/\d{8}-\d{6}(-\d)?", str(path))
        assert (path / "spec.yaml").exists()


def test_runs_that_begin_at_once_get_directories_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Both have looked before either has made anything.
    monkeypatch.setattr(Path, "exists", lambda *_, **__: False)
    assert create(None, "iris", "name: iris") != create(None, "iris", "name: iris")


def test_of_runs_that_begin_at_once_one_gets_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(tmp_path / "run", "iris", "name: iris")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", lambda *_, **__: False)
        with pytest.raises(OutputError, match="run is not empty"):
            create(tmp_path / "run", "iris", "name: other")
    assert (tmp_path / "run/spec.yaml").read_text() == "name: iris"


def test_a_variant_is_named_in_the_metrics(tmp_path: Path) -> None:
    text = (SPECS / "iris.yaml").read_text() + "params: {n: 5}\nvariants: {small: {n: 4}}\n"
    result = compile_text(text, "iris.yaml", variant="small", settings={"train.epochs": "1"})
    assert result.train is not None
    run = run_module.train(
        result.graph,
        result.train,
        result.resolved,
        output=tmp_path / "run",
        device="cpu",
        report=False,
    )
    assert (run.metrics["name"], run.metrics["variant"]) == ("iris", "small")


def test_of_several_outputs_the_trained_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "two.yaml"
    spec.write_text(
        "name: two\ninputs: {x: [4]}\nlayers: [linear: {name: hidden, out_features: 5}, "
        "linear: {name: end, out_features: 3}]\noutputs: {logits: end, features: hidden}\n"
        "train: {data: {dataset: iris}, epochs: 1}\n"
    )
    assert main(["train", str(spec), "-o", str(tmp_path / "run"), "--device", "cpu"]) == 0
    assert "note: `logits` is trained; `features` is not\n" in capsys.readouterr().err


def test_too_little_memory_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "large.yaml"
    spec.write_text(
        "name: large\ninputs: {x: [4]}\n"
        "layers: [linear: 50000, tanh, linear: 2000000000, tanh, linear: 3]\n"
        "train: {data: {dataset: iris}, epochs: 1}\n"
    )
    assert main(["train", str(spec), "-o", str(tmp_path / "run")]) == 3
    assert capsys.readouterr().err == "error: not enough memory\n"


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device is there")
def test_a_device_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", str(SPECS / "iris.yaml"), "--device", "cuda", "-o", str(tmp_path / "run")]
    assert main(arguments) == 3
    assert "there is no cuda device here" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_data_that_do_not_fit_leave_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "run"
    settings = ["--set", "train.data.preprocess=[]", "-o", str(output)]
    assert main(["train", str(SPECS / "lenet5.yaml"), *settings]) == 1
    assert "add `resize: [32, 32]`" in capsys.readouterr().err
    assert not output.exists()


def test_a_spec_without_a_train_section_cannot_be_trained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", str(SPECS / "googlenet.yaml")]) == 2
    assert "googlenet has no `train` section" in capsys.readouterr().err


def test_warnings_that_matter_are_shown_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with quiet():
            warnings.warn("the loader does not have many workers", stacklevel=1)
            warnings.warn("look here", stacklevel=1)
    assert capsys.readouterr().err == "warning: look here\n"
