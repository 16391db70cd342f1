"""The report of a run: its files, what its page says, and that the page stands alone."""

from __future__ import annotations

import csv
import json
import re
import statistics
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from runs import trained
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from archspec.backends.weights import load_weights
from archspec.cli import main
from archspec.frontend import compile_text
from archspec.training.data.dataset import load
from archspec.training.loop.objective import main_input
from archspec.training.prediction.fonts import lacking
from archspec.training.record.class_results import Judged, class_results, confusion_csv
from archspec.training.record.environment import environment
from archspec.training.record.evaluation import evaluate, network_outputs
from archspec.training.record.figures import confusion
from archspec.training.record.figures.curves import learning_curves
from archspec.training.record.folds_page import write_folds_report
from archspec.training.record.measures import shown
from archspec.training.record.report_page import duration
from archspec.training.run import Run, train

SOLE = {"meta", "link", "img", "br", "input", "hr"}
NAMES = ("정상", "녹내장 <의심> & more")

EYES = """
name: eyes
title: 녹내장 진단
inputs: {image: [1, 6, 6]}
layers: [flatten, linear: 2]
train:
  data: {npz: FILE, classes: [정상, 녹내장 <의심> & more], split: {test: 20, validation: 20}}
  epochs: 2
"""

VALUES = """
name: values
inputs: {x: [3]}
layers: [linear: 1]
train: {data: {npz: FILE, split: {test: 20}}, loss: mse, epochs: 1}
"""


LABELS = """
name: labels
inputs: {x: [3]}
layers: [linear: 3]
train:
  data: {npz: FILE, split: {test: 40}}
  loss: binary_cross_entropy
  metrics: [accuracy, precision, recall]
  epochs: 2
"""

CANCER = """
name: cancer
inputs: {x: [30]}
layers: [linear: 1]
train:
  data: {dataset: breast_cancer, preprocess: [standardize: featurewise]}
  loss: binary_cross_entropy
  metrics: [precision, auc]
  epochs: 1
"""


class Page(HTMLParser):
    """Reads a page, and finds tags that are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in SOLE:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href"):
                self.links.append(str(value))
            if name == "id":
                self.ids.append(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in SOLE:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def made(text: str, directory: Path, **arrays: np.ndarray) -> Run:
    np.savez(directory / "data.npz", **arrays)  # type: ignore[arg-type]
    text = text.replace("FILE", str(directory / "data.npz"))
    compiled = compile_text(text, "spec.yaml")
    assert compiled.train is not None
    return train(compiled.graph, compiled.train, text, output=directory / "run", device="cpu")


def noise() -> dict[str, np.ndarray]:
    """Returns pictures of noise, those of one class brighter than those of the other."""
    random = np.random.default_rng(0)
    y = np.arange(100) % 2
    return {"x": random.normal(size=(100, 1, 6, 6)) + y[:, None, None, None], "y": y}


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(EYES, tmp_path_factory.mktemp("eyes"), **noise())


def page_of(run: Run) -> Page:
    return Page((run.directory / "report.html").read_text(encoding="utf-8"))


def test_a_report_needs_nothing_but_itself(eyes: Run) -> None:
    page = page_of(eyes)
    assert page.open == []
    assert "script" not in page.tags
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.links)
    targets = {link[1:] for link in page.links if link.startswith("#")}
    assert targets <= set(page.ids)
    drawn = [
        id_ for id_ in page.ids if not id_.startswith(("node", "edge", "clust", "graph", "a_"))
    ]
    assert len(drawn) == len(set(drawn))


def test_a_report_says_what_came_out_and_names_classes_as_they_are(eyes: Run) -> None:
    page = page_of(eyes)
    test = eyes.metrics["test"]
    assert isinstance(test, dict)
    assert f"{test['accuracy']:.2%}" in page.text
    for text in ("녹내장 진단", *NAMES, "trained on data", "optimizer", "adam", "linear"):
        assert text in page.text
    assert "60 train, 20 validation, 20 test examples, 2 classes" in page.text


PHASED = EYES.replace("[flatten", "[conv2d: {out_channels: 1, kernel_size: 3}, flatten").replace(
    "epochs: 2\n",
    "freeze: conv2d\n  phases:\n    - {epochs: 2, lr: 0.01}\n"
    "    - {epochs: 1, unfreeze: conv2d, schedule: cosine}\n    - {epochs: 1}\n",
)


def phases_of(page: str) -> list[list[str]]:
    (table,) = re.findall(r'<section id="phases">.*?</section>', page, re.S)
    return [re.findall(r"<td.*?>(.*?)</td>", row) for row in table.split("<tr>")[2:]]


def test_phases_that_have_not_begun_are_told_as_such(tmp_path: Path) -> None:
    run = made(f"{PHASED}  stop_at: {{train_loss: 1e9}}\n", tmp_path, **noise())
    rows = phases_of((run.directory / "report.html").read_text(encoding="utf-8"))
    assert [row[1] for row in rows] == ["1", "not begun", "not begun"]


def test_phases_are_told_with_what_learnt_and_how_fast(tmp_path: Path) -> None:
    run = made(PHASED, tmp_path, **noise())
    page = (run.directory / "report.html").read_text(encoding="utf-8")
    assert phases_of(page) == [
        ["1", "1 to 2", "conv2d", "", f"{4 * 4 * 2 + 2}", "0.01"],
        ["2", "3", "", "conv2d", f"{4 * 4 * 2 + 2 + 10}", "0.001, cosine"],
        ["3", "4", "", "", f"{4 * 4 * 2 + 2 + 10}", "0.001"],
    ]
    assert "Phase 1" not in page
    assert 'href="#phases"' in page


def test_the_rate_of_phases_is_drawn_in_steps_and_their_bounds_as_lines() -> None:
    rates = (0.1, 0.1, 0.01, 0.01)
    rows = [{"epoch": at, "lr": lr, "train_loss": 1 / at} for at, lr in enumerate(rates, 1)]
    _, (loss, rate) = learning_curves(rows, 4, [3])
    plain, _ = learning_curves(rows, 4)[1]
    assert [each.svg.count("stroke-dasharray") for each in (loss, rate, plain)] == [1, 1, 0]
    drawn = re.findall(r' d="([^"Cz]*)"', rate.svg)
    points = max((re.findall(r"[ML] (\S+) (\S+)", path) for path in drawn), key=len)
    assert len(points) > 2
    # Each line is level or upright.
    assert all(one[0] == other[0] or one[1] == other[1] for one, other in pairwise(points))


def test_pictures_are_right_and_wrong_predictions(eyes: Run) -> None:
    with Image.open(eyes.directory / "predictions.png") as grid:
        assert grid.width > 500
    page = (eyes.directory / "report.html").read_text(encoding="utf-8")
    test = eyes.metrics["test"]
    assert isinstance(test, dict)
    wrong = round((1 - test["accuracy"]) * 20)
    assert page.count("true: ") == wrong
    assert page.count("<img ") == 20


def test_the_files_of_a_run(eyes: Run) -> None:
    names = {path.name for path in eyes.directory.iterdir()}
    assert {
        "curves.png", "confusion.png", "confusion.csv", "predictions.png", "gradient_norms.png",
        "gradient_norms.csv", "report.html", "environment.json", "metrics.csv", "tensorboard",
    } <= names  # fmt: skip
    assert not [name for name in names if name.endswith(".part")]
    with (eyes.directory / "confusion.csv").open(newline="", encoding="utf-8") as file:
        header, *counts = csv.reader(file)
    assert header[1:] == list(NAMES) == [row[0] for row in counts]
    assert [sum(map(int, row[1:])) for row in counts] == [10, 10]


def test_values_have_residuals_and_no_confusion(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(80, 3)).astype(np.float32)
    run = made(VALUES, tmp_path, x=x, y=x.sum(axis=1) + 0.5)
    names = {path.name for path in run.directory.iterdir()}
    assert "values.png" in names
    assert not names & {"confusion.png", "confusion.csv", "predictions.png"}
    page = page_of(run)
    assert "Residuals" in page.text
    assert "Confusion" not in page.text


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("folds") / "run"
    trained("iris", directory, report=True, epochs=1, data__split__folds=2)
    write_folds_report(directory)
    return directory


@pytest.mark.parametrize("fold", [1, 2])
def test_a_fold_is_judged_on_its_validation_split(folds: Path, fold: int) -> None:
    page = Page((folds / f"fold-{fold}/report.html").read_text(encoding="utf-8"))
    assert "By class, validation split" in page.text
    assert "The test split was not looked at." in page.text
    assert "By class, test split" not in page.text
    assert f"fold {fold} of 2" in page.text
    assert "../report.html" in page.links


def test_a_cross_validation_has_a_page_with_all_its_folds(folds: Path) -> None:
    page = Page((folds / "report.html").read_text(encoding="utf-8"))
    assert not page.open
    reports = [f"fold-{number}/report.html" for number in (1, 2)]
    assert [link for link in page.links if "report" in link] == reports
    found = [
        json.loads((folds / report).with_name("metrics.json").read_text())["validation"]
        for report in reports
    ]
    accuracies = [each["accuracy"] for each in found]
    told = f"{statistics.fmean(accuracies):.2%} ± {statistics.stdev(accuracies):.2%}"
    assert f"{told}validation accuracy" in page.text
    with Image.open(folds / "curves.png") as curves:
        assert curves.width > 400


def test_labels_are_judged_each_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.random.default_rng(0).normal(size=(120, 3)).astype(np.float32)
    y = (x > 0.3).astype(np.float32)
    run = made(LABELS, tmp_path, x=x, y=y)
    page = page_of(run)
    assert "By label, test split" in page.text
    assert "Precision and recall are means over the labels." in page.text
    assert "Residuals" not in page.text
    assert not (run.directory / "values.png").exists()
    assert main(["evaluate", str(run.directory), "-o", str(tmp_path / "none")]) == 0
    assert "the examples are no images to show" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    compiled = compile_text(run.directory.joinpath("spec.yaml").read_text(), "spec.yaml")
    assert compiled.train is not None
    data = load(compiled.train.data, main_input(compiled.graph).type)
    weights, cpu = load_weights(run.directory), torch.device("cpu")
    outputs = network_outputs(compiled.graph, compiled.train, weights, cpu)
    test = data.splits["test"]
    found = evaluate(outputs, compiled.graph, compiled.train, data, test)
    said = outputs(test.inputs).sigmoid().numpy() > 0.5
    wanted = precision_recall_fscore_support(test.targets.numpy() > 0.5, said, zero_division=0)
    assert found.labelled is not None
    ours = [tuple(row[1:]) for row in found.labelled.results()]
    np.testing.assert_allclose(ours, np.array(wanted).T)


def test_a_table_shows_features_by_name_and_as_they_were(tmp_path: Path) -> None:
    run = trained("iris", tmp_path / "run", report=True, epochs=1)
    text = page_of(run).text
    assert "petal length (cm)" in text
    assert "features, before preprocessing" in text
    more = compile_text(CANCER, "cancer.yaml")
    assert more.train is not None
    train(more.graph, more.train, CANCER, output=tmp_path / "more", device="cpu")
    page = Page((tmp_path / "more/report.html").read_text(encoding="utf-8"))
    assert "the first 8 of 30 features, before preprocessing" in page.text
    assert "mean concave points" in page.text
    assert "symmetry" not in page.text
    assert "Precision and AUC are of the class benign." in page.text


def test_results_of_classes_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    true = random.integers(0, 5, 400)
    predicted = np.where(random.random(400) < 0.6, true, random.integers(0, 4, 400))
    classes = tuple("abcdef")  # nothing is e in a prediction, and nothing is f at all
    judged = Judged(classes, true, predicted, np.ones(400))
    counts = judged.confusion()
    assert (counts == confusion_matrix(true, predicted, labels=range(6))).all()
    wanted = precision_recall_fscore_support(true, predicted, labels=range(6), zero_division=0)
    for at, row in enumerate(class_results(counts, classes)):
        assert row[1:] == pytest.approx([column[at] for column in wanted])


def test_confusion_csv_is_read_back_as_it_was() -> None:
    counts = np.array([[3, 1], [0, 4]])
    rows = list(csv.reader(confusion_csv(counts, ['a "b", c', "가"]).decode().splitlines()))
    assert rows[1:] == [['a "b", c', "3", "1"], ["가", "0", "4"]]


@pytest.mark.parametrize("number", [2, 10, 100])
def test_a_confusion_matrix_shows_all_its_classes(number: int) -> None:
    names = [f"클래스 {at}" for at in range(number)]
    counts = np.diag(np.arange(1, number + 1))
    counts[0, -1] = 7
    drawn = confusion.confusion_matrix(counts, names)
    with Image.open(BytesIO(drawn.png)) as picture:
        assert min(picture.size) > 300
    texts = [each.text for each in ET.fromstring(drawn.svg).iter() if each.tag.endswith("text")]
    assert {*names} <= {*texts}
    assert ("7" in texts) == (number <= confusion.NUMBERED)
    assert "#1c1e21" not in drawn.svg  # the ink is the page's


def test_korean_names_are_drawn_with_letters_and_not_with_boxes() -> None:
    if lacking("정상녹내장"):
        pytest.skip("there is no Korean font here")
    counts = np.eye(2, dtype=int)
    drawn = [
        confusion.confusion_matrix(counts, names).png for names in (["정", "상"], ["녹", "내"])
    ]
    assert drawn[0] != drawn[1]  # boxes would be alike


def test_the_environment_names_versions_and_the_commit(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    assert environment(tmp_path)["git"] is None
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "spec.yaml").write_text("name: a")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True)
    known = environment(tmp_path)["git"]
    assert isinstance(known, dict)
    assert re.fullmatch(r"[0-9a-f]{40}", known["commit"])
    assert known["changed"] is False
    (tmp_path / "spec.yaml").write_text("name: b")
    assert environment(tmp_path)["git"] == {**known, "changed": True}


def test_a_run_keeps_its_environment(eyes: Run) -> None:
    known = json.loads((eyes.directory / "environment.json").read_text())
    assert known["versions"]["torch"]
    assert known["threads"] >= 1
    assert known["command"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.42, "0.4 s"), (59.9, "59.9 s"), (245, "4:05 min"), (7400, "2:03:20 h")]
)
def test_times_are_told_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("measure", "value", "text"),
    [
        ("accuracy", 0.98765, "98.77%"), ("loss", 0.01234567, "0.01235"),
        ("loss", 9999.4, "9999"), ("loss", 9999.6, "10,000"), ("mse", 81623.4, "81,623"),
        ("mse", -2.304e5, "-230,400"), ("loss", 1.5e12, "1.5e+12"), ("loss", float("nan"), "nan"),
    ],
)  # fmt: skip
def test_figures_are_told_as_people_read_them(measure: str, value: float, text: str) -> None:
    assert shown(measure, value) == text
