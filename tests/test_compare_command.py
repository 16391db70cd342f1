"""`archspec compare`: runs side by side, unfinished ones and cross-validations among them."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
import statistics
from pathlib import Path

import pytest
from PIL import Image
from runs import compiled, trained

from archspec.cli import main
from archspec.frontend import compile_spec
from archspec.training.record.compare_page import compare_page
from archspec.training.record.gradient_norms import Norms
from archspec.training.record.run_record import read_run
from archspec.training.record.runs_compared import aligned, side_by_side
from archspec.training.record.settings import settings, text_of

VALIDATED = {"data__split__validation": 0.2}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("compare")
    trained("iris", home / "short", epochs=1, **VALIDATED)
    trained("iris", home / "long", epochs=6, **VALIDATED)
    trained("iris", home / "folds", epochs=2, data__split__folds=3)
    shutil.copytree(home / "long", home / "unfinished")
    (home / "unfinished/metrics.json").unlink()
    return home


def compare(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert main(["compare", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def changed(run: Path, copy: Path, old: str, new: str) -> Path:
    """Returns a copy of a run of which its spec says something else."""
    shutil.copytree(run, copy)
    spec = copy / "spec.yaml"
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))
    return copy


def test_metrics_are_those_of_the_runs_and_the_best_is_marked(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = compare(capsys, runs / "short", runs / "long", "--format", "json")
    made = json.loads(out)
    for run in made["runs"]:
        known = json.loads((Path(run["run"]) / "metrics.json").read_text())
        assert run["metrics"]["test_accuracy"] == known["test"]["accuracy"]
        assert run["metrics"]["train_loss"] == known["train"]["loss"]
        assert run["finished"]
    losses = [run["metrics"]["train_loss"] for run in made["runs"]]
    assert made["best"]["train_loss"] == [losses.index(min(losses))]
    assert made["differing"] == {"epochs": ["1", "6"]}


def test_settings_are_told_by_name_and_choices_by_their_options() -> None:
    spec = compiled("lenet5", schedule="cosine").train
    assert spec is not None
    told = settings(spec)
    assert (told["optimizer"], told["optimizer.lr"]) == ("adam", "0.003")
    assert (told["schedule"], told["loss.label_smoothing"]) == ("cosine", "0.1")
    assert told["data.preprocess"].startswith("rescale 0.0625, resize (size 32, 32")
    assert told["deterministic"] == "true"
    assert "ema" not in told


def test_a_table_has_a_column_for_each_run(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = compare(capsys, runs / "short", runs / "long").splitlines()
    assert lines[0].split() == ["short", "long"]
    assert lines[1].split("  ")[0] == "state"
    assert lines[-1].split() == ["epochs", "1", "6"]
    assert sum(line.endswith("*") or "* " in line for line in lines) > 1


def test_csv_has_a_line_for_each_run(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = compare(capsys, runs / "short", runs / "folds", "--format", "csv")
    short, folds = csv.DictReader(io.StringIO(out))
    assert (short["epochs"], folds["epochs"]) == ("1", "2")
    assert (short["validation_loss_std"], folds["test_loss"]) == ("", "")
    assert float(folds["validation_loss_std"]) > 0


def test_a_cross_validation_is_mean_and_spread_over_its_folds(runs: Path) -> None:
    run = read_run(runs / "folds")
    each = [
        json.loads((runs / f"folds/fold-{n}/metrics.json").read_text())["validation"]["accuracy"]
        for n in (1, 2, 3)
    ]
    assert run.finished
    assert run.results()["validation_accuracy"] == pytest.approx(statistics.fmean(each))
    assert run.spread()["validation_accuracy"] == pytest.approx(statistics.stdev(each))
    whole = json.loads((runs / "folds/metrics.json").read_text())
    assert whole["validation"]["accuracy"] == pytest.approx(statistics.fmean(each), abs=1e-6)


def test_an_unfinished_run_says_so_and_shows_its_best_epoch(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(runs / "unfinished"), str(runs / "long")]) == 0
    said = capsys.readouterr()
    assert "note: unfinished is unfinished: 6 of 6 epochs; its metrics" in said.err
    run = read_run(runs / "unfinished")
    with (runs / "unfinished/metrics.csv").open(newline="") as file:
        losses = [float(row["validation_loss"]) for row in csv.DictReader(file)]
    assert run.results()["validation_loss"] == min(losses)
    assert "test_loss" not in run.results()


def test_a_run_without_an_epoch_can_be_compared(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(runs / "long/spec.yaml", tmp_path / "spec.yaml")
    out = compare(capsys, tmp_path, "--format", "json")
    assert json.loads(out)["runs"][0]["epochs"] == 0
    assert main(["compare", str(tmp_path), "-o", str(tmp_path / "a.png")]) == 1
    assert "there are no curves" in capsys.readouterr().err


def test_a_page_overlays_the_curves(runs: Path, tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    assert main(["compare", str(runs / "short"), str(runs / "folds"), "-o", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    for words in ("folds fold-3", "±", "Gradient norms", "validation loss", "3 of 3 folds"):
        assert words in text
    assert "<script" not in text


def test_a_picture_has_the_curves(runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "curves.png"
    assert main(["compare", str(runs / "short"), str(runs / "long"), "-o", str(path)]) == 0
    with Image.open(path) as picture:
        assert min(picture.size) > 400


def test_runs_of_the_same_name_are_told_apart(runs: Path, tmp_path: Path) -> None:
    for name in "ab":
        shutil.copytree(runs / "short", tmp_path / name / "run")
    compared = side_by_side([read_run(tmp_path / name / "run") for name in "ab"])
    assert compared.labels == ["a/run", "b/run"]
    assert compared.best("train_loss") == frozenset()


def test_losses_of_different_kinds_are_not_compared(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "long", tmp_path / "other")
    spec = tmp_path / "other/spec.yaml"
    spec.write_text(spec.read_text().replace("loss: cross_entropy", "loss: mse"))
    compared = side_by_side([read_run(runs / "short"), read_run(tmp_path / "other")])
    assert compared.best("train_loss") == compared.best("validation_loss") == frozenset()
    assert len(compared.best("train_accuracy")) == 1
    (why,) = compared.unmarked()
    assert why == (
        "by train loss, validation loss and test loss no run is the best: they have different "
        "losses (loss: cross_entropy against mse)"
    )


@pytest.mark.parametrize(
    ("old", "new", "metrics", "why"),
    [
        (
            "loss: cross_entropy",
            "loss: {cross_entropy: {label_smoothing: 0.3}}",
            "train loss, validation loss and test loss",
            "loss.label_smoothing: 0 against 0.3",
        ),
        (
            "    dataset: iris",
            "    dataset: iris\n    class_weights: balanced",
            "train loss",
            "data.class_weights: none against balanced",
        ),
        (
            "    dataset: iris",
            "    dataset: iris\n    augment: {mixup: 0.2}",
            "train loss",
            "data.augment.mixup: none against 0.2",
        ),
        (
            "- softmax\n",
            "- auxiliary: {name: aux, weight: 0.3, layers: [softmax]}\n- softmax\n",
            "train loss",
            "auxiliary heads: none against aux 0.3",
        ),
        (
            "- {linear: 50}\n",
            "- linear: {out_features: 50, weight_l2: 0.01}\n",
            "train loss",
            "penalties: none against weight_l2 0.01",
        ),
    ],
)
def test_losses_are_compared_only_where_they_are_defined_alike(
    runs: Path, tmp_path: Path, old: str, new: str, metrics: str, why: str
) -> None:
    other = changed(runs / "long", tmp_path / "other", old, new)
    compared = side_by_side([read_run(runs / "short"), read_run(other)])
    (said,) = compared.unmarked()
    assert said == f"by {metrics} no run is the best: they have different losses ({why})"
    assert not compared.best("train_loss")
    assert bool(compared.best("validation_loss")) == (metrics == "train loss")
    assert len(compared.best("train_accuracy")) == 1


def test_a_page_tells_of_the_best_only_where_one_is_marked(runs: Path, tmp_path: Path) -> None:
    other = changed(runs / "long", tmp_path / "other", "dataset: iris", "dataset: wine")
    for run, marked in ((runs / "long", True), (other, False)):
        compared = side_by_side([read_run(runs / "short"), read_run(run)])
        text = compare_page(compared).decode()
        assert ("the best of each is bold" in text) == ('class="number best"' in text) == marked


def test_a_page_has_a_column_for_each_run(runs: Path) -> None:
    text = compare_page(
        side_by_side([read_run(runs / name) for name in ("short", "long")])
    ).decode()
    table = text[text.index("<table>") : text.index("</table>")]
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)<", row) for row in table.split("<tr>")[1:]]
    assert rows[0] == ["", "short", "long"]
    assert rows[1][0] == "state"
    assert {len(row) for row in rows} == {3}
    assert [row[0] for row in rows][2:4] == ["train loss", "train accuracy"]
    assert '<td class="number">epoch 1 of 1</td>' in table  # whose lines do not wrap


def test_settings_are_counted_as_they_are_set(runs: Path, tmp_path: Path) -> None:
    phases = "phases: [{epochs: 1}, {epochs: 1, lr: 0.5}]"
    other = changed(runs / "short", tmp_path / "other", "epochs: 1\n", f"{phases}\n")
    compared = side_by_side([read_run(runs / "short"), read_run(other)])
    assert compared.differing["phases.1.lr"] == ["", "0.5"]
    spec = compile_spec(str(other / "spec.yaml"), settings={"train.phases.1.lr": "0.25"}).train
    assert spec is not None
    assert spec.phases[1].lr == 0.25


def test_of_what_one_run_has_alone_only_what_was_set_is_told(runs: Path, tmp_path: Path) -> None:
    def differing(name: str, old: str, new: str) -> dict[str, list[str]]:
        other = changed(runs / "short", tmp_path / name, old, new)
        compared = side_by_side([read_run(runs / "short"), read_run(other)])
        return {name: [*values] for name, values in compared.differing.items()}

    images = "    dataset: iris\n    augment: {rotation_range: 20, cval: 0}"
    assert differing("augmented", "    dataset: iris", images) == {
        "data.augment.rotation_range": ["", "20"],
        "data.augment.cval": ["", "0"],
    }
    stopping = differing("stopping", "epochs: 1\n", "epochs: 1\n  early_stopping: {}\n")
    assert "early_stopping.patience" in stopping  # of which nothing else would be told
    assert differing("sgd", "adam: {lr: 0.001}", "sgd: {lr: 0.1}") == {
        "optimizer": ["adam", "sgd"],
        "optimizer.lr": ["0.001", "0.1"],
    }


def test_settings_fold_to_the_width_of_the_terminal(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = "preprocess: [{rescale: 2}, {rescale: 3}, {rescale: 4}, {rescale: 5}, {rescale: 6}]"
    other = changed(runs / "short", tmp_path / "o", "    dataset", f"    {steps}\n    dataset")
    monkeypatch.setenv("COLUMNS", "50")
    out = compare(capsys, runs / "short", other)
    lines = out[out.index("settings that differ") :].splitlines()[2:]
    assert max(map(len, lines)) <= 50
    assert " ".join(" ".join(lines).split()) == (
        "data.preprocess – rescale 2, rescale 3, rescale 4, rescale 5, rescale 6"
    )


def test_an_unfinished_cross_validation_is_told_by_its_finished_folds(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(runs / "folds", tmp_path / "begun")
    for name in ("metrics.json", "fold-3/metrics.json"):
        (tmp_path / "begun" / name).unlink()
    arguments = ["compare", str(runs / "folds"), str(tmp_path / "begun"), "--format", "json"]
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert "begun is unfinished: 2 of 3 folds; its metrics are those of its finished" in said.err
    each = [
        json.loads((tmp_path / f"begun/fold-{n}/metrics.json").read_text())["validation"]["loss"]
        for n in (1, 2)
    ]
    made = json.loads(said.out)
    metrics, spread = made["runs"][1]["metrics"], made["runs"][1]["spread"]
    assert metrics["validation_loss"] == pytest.approx(statistics.fmean(each))
    assert spread["validation_loss"] == pytest.approx(statistics.stdev(each))
    assert not any(made["best"].values())


def test_folds_have_the_colour_of_their_run(runs: Path) -> None:
    compared = side_by_side([read_run(runs / "folds"), read_run(runs / "short")])
    curves = compared.curves()
    assert curves is not None
    drawn = curves[1][curves[2].index("train loss")].svg
    found = set(re.findall(r"var\(--series-\d\)", drawn))
    assert found == {"var(--series-0)", "var(--series-1)"}


def test_gradient_norms_stand_by_the_names_of_layers() -> None:
    tall = Norms([1], ["a", "head", "b"], [[1.0, 2.0, 3.0]])
    flat = Norms([1], ["a", "b", "c"], [[4.0, 5.0, 6.0]])
    made = aligned({"tall": tall, "flat": flat})
    assert made is not None
    assert made["tall"].layers == made["flat"].layers == ["a", "head", "b", "c"]
    assert made["tall"].values[0] == pytest.approx([1.0, 2.0, 3.0, math.nan], nan_ok=True)
    assert made["flat"].values[0] == pytest.approx([4.0, math.nan, 5.0, 6.0], nan_ok=True)
    assert aligned({"tall": tall, "other": Norms([1], ["x", "y"], [[1.0, 2.0]])}) is None


def test_a_page_says_where_layers_differ(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "short", tmp_path / "frozen")
    norms = tmp_path / "frozen/gradient_norms.csv"
    rows = [line.split(",") for line in norms.read_text().splitlines()]
    norms.write_text("".join(",".join([row[0], *row[2:]]) + "\n" for row in rows))
    for other, said in ((runs / "long", False), (tmp_path / "frozen", True)):
        compared = side_by_side([read_run(runs / "short"), read_run(other)])
        assert ("Layers of one name stand" in compare_page(compared).decode()) == said


@pytest.mark.parametrize(
    ("old", "new", "setting", "comparable"),
    [
        ("dataset: iris", "dataset: wine", "data.dataset", set[str]()),
        ("validation: 0.2", "validation: 0.3", "data.split.validation", {"test"}),
    ],
)
def test_only_runs_on_the_same_examples_are_compared(
    runs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    setting: str,
    comparable: set[str],
) -> None:
    shutil.copytree(runs / "long", tmp_path / "other")
    spec = tmp_path / "other/spec.yaml"
    assert old in spec.read_text()
    spec.write_text(spec.read_text().replace(old, new))
    assert main(["compare", str(runs / "short"), str(tmp_path / "other"), "--format", "json"]) == 0
    said = capsys.readouterr()
    best = json.loads(said.out)["best"]
    marked = {name.partition("_")[0] for name, places in best.items() if places}
    assert marked == comparable
    assert f"no run is the best: they were judged on different examples ({setting})" in said.err


def test_parameters_are_told_as_yaml_has_them() -> None:
    assert text_of([True, None, 3, 0.5, "a"]) == "true, null, 3, 0.5, a"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (("metrics.json", "[1"), "metrics.json holds no JSON object"),
        (("metrics.json", "{}"), "metrics.json is damaged"),
        (("metrics.json", '{"selected_epoch": 1, "test": null}'), "metrics.json is damaged"),
        (("metrics.csv", "epoch,lr\n1,0.1\n2,abc\n"), "metrics.csv is damaged"),
        (("metrics.csv", "lr\n0.1\n"), "metrics.csv is damaged"),
        (("metrics.csv", "epoch,step\n1,2,3\n"), "metrics.csv is damaged"),
        (("gradient_norms.csv", ""), "the gradient norms"),
    ],
)
def test_a_damaged_run_is_told(
    runs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: tuple[str, str],
    message: str,
) -> None:
    shutil.copytree(runs / "short", tmp_path / "run")
    name, content = damage
    (tmp_path / "run" / name).write_text(content)
    assert main(["compare", str(tmp_path / "run")]) == 3
    assert message in capsys.readouterr().err


def test_what_is_no_run_is_told(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(tmp_path / "none")]) == 3
    assert "none is not there" in capsys.readouterr().err
    assert main(["compare", str(tmp_path)]) == 3
    assert "is no run: it has no spec.yaml" in capsys.readouterr().err
    assert main(["compare", str(runs / "short"), "-o", "a.pdf"]) == 2
    assert "end it in .html" in capsys.readouterr().err
