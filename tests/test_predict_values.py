"""`archspec predict` where there are values or labels to find, and on tables."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from predicting import exported, picture, predict
from scipy.special import expit

LABELS = """
name: labels
inputs: {x: [4]}
layers: [linear: {name: out, out_features: 3}, END]
train: {data: {npz: data.npz}, loss: binary_cross_entropy, epochs: 1}
"""
"""The scores are the first three numbers of an example."""

HOUSES = """
name: houses
inputs: {x: [2]}
layers: [linear: {name: price, out_features: 1}]
train:
  data: {table: {file: houses.csv, target: price}, preprocess: [rescale: 0.5]}
  loss: mse
  epochs: 1
"""
"""The price is half of the area less half of the age."""

KINDS = """
name: kinds
inputs: {x: [2]}
layers: [linear: {name: scores, out_features: 2}]
train: {data: {table: {file: kinds.csv, target: kind}}, epochs: 1}
"""
"""The second class where `b` is larger than `a`."""

AREAS, AGES = np.array([100.0, 60, 80, 40, 90]), np.array([10.0, 20, 0, 4, 30])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows(path: Path, *columns: object) -> Path:
    """Writes a table: each column is its name, then its values."""
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in zip(*columns, strict=True)))
    return path


def houses(folder: Path) -> Path:
    truth = (AREAS - AGES) / 2 + np.arange(5)  # the model is off by the number of the example
    rows(folder / "houses.csv", ["area", *AREAS], ["age", *AGES], ["price", *truth])
    return exported(folder, HOUSES, price__weight=[[1, -1]], price__bias=[0])


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    done = predict(capsys, *arguments, "--format", "json")
    assert (done.code, done.err) == (0, "")
    made: dict[str, Any] = json.loads(done.out)
    return made


@pytest.mark.parametrize("end", ["identity", "sigmoid"])
def test_each_label_has_a_probability_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    x = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    y = (x[:, :3] > 0).astype(np.float32)
    y[0, 0] = 1 - y[0, 0]
    np.savez(tmp_path / "data.npz", x=x, y=y)
    weights = {"out__weight": np.eye(4)[:3], "out__bias": [0, 0, 0]}
    model = exported(tmp_path, LABELS.replace("END", end), **weights)
    made = told(capsys, model, tmp_path / "data.npz")
    assert (made["correct"], made["labels"], made["threshold"]) == (59, 60, 0.5)
    likely = [[*row["probabilities"].values()] for row in made["predictions"]]
    np.testing.assert_allclose(likely, expit(x[:, :3]), atol=2e-6)
    for row, wanted, true in zip(made["predictions"], x[:, :3] > 0, y, strict=True):
        assert row["prediction"] == [str(at) for at in np.flatnonzero(wanted)]
        assert row["truth"] == [str(at) for at in np.flatnonzero(true)]
    out = predict(capsys, model, tmp_path / "data.npz").out.splitlines()
    assert out[0] == "data, file: 20 examples, 59 of 60 labels correct (98.33%)"
    assert [line.endswith("wrong") for line in out[3:]] == [True] + [False] * 9
    lines = csv.DictReader(io.StringIO(predict(capsys, model, "--format", "csv").out))
    for line in lines:  # the test split of the spec's own data
        at = int(line["index"])
        values = [float(line[f"{name}.{label}"]) for name in ("output", "truth") for label in "012"]
        np.testing.assert_allclose(values, [*expit(x[at, :3]), *y[at]], atol=2e-6)
    np.save(tmp_path / "new.npy", x[:2])
    assert [row["truth"] for row in told(capsys, model, "new.npy")["predictions"]] == [None, None]


def test_values_stand_beside_the_true_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = told(capsys, houses(tmp_path), "houses.csv")
    assert made["mae"] == pytest.approx(2)
    for at, row in enumerate(made["predictions"]):
        assert row["output"] == pytest.approx([(AREAS[at] - AGES[at]) / 2])
        assert row["error"] == pytest.approx([at], abs=1e-5)
    out = predict(capsys, "houses.onnx", "houses.csv").out.splitlines()
    assert out[0] == "houses, file: 5 examples, mean absolute error 2"
    assert out[2].split() == ["index", "output", "truth", "error"]


def test_columns_are_found_by_their_names_and_need_no_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = houses(tmp_path)
    (tmp_path / "houses.csv").unlink()  # the model knows the names of its features
    rows(tmp_path / "new.csv", ["town", *"abcde"], ["age", *AGES], ["area", *AREAS])
    made = told(capsys, model, "new.csv")["predictions"]
    assert [row["output"][0] for row in made] == pytest.approx((AREAS - AGES) / 2)
    assert "truth" not in made[0]
    rows(tmp_path / "wrong.csv", ["age", *AGES], ["Area", *AREAS])
    done = predict(capsys, model, "wrong.csv")
    assert (done.code, done.out) == (1, "")
    assert "wrong.csv has no column area" in done.err
    assert "did you mean `Area`?" in done.err


def test_a_table_tells_classes_where_it_has_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(tmp_path / "kinds.csv", ["a", 1, 5], ["b", 2, 3], ["kind", "up", "down"])
    weights = {"scores__weight": [[1, 0], [0, 1]], "scores__bias": [0, 0]}
    model = exported(tmp_path, KINDS, **weights)
    made = told(capsys, model, "kinds.csv")
    assert (made["correct"], made["examples"]) == (2, 2)
    assert [row["prediction"] for row in made["predictions"]] == ["up", "down"]
    numbers = told(capsys, model, "kinds.csv", "--as", "numbers")["predictions"]
    assert [row["output"] for row in numbers] == [[1, 2], [5, 3]]
    rows(tmp_path / "new.csv", ["b", 7], ["a", 8])
    (row,) = told(capsys, model, "new.csv")["predictions"]
    assert (row["prediction"], row["truth"]) == ("down", None)


def test_a_table_is_taken_alone_and_is_no_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = houses(tmp_path)
    picture(tmp_path / "one.png", 1)
    assert "houses.csv is a table, which is taken alone" in predict(
        capsys, model, "houses.csv", "one.png"
    ).err  # fmt: skip
    done = predict(capsys, model, "one.png")
    assert done.code == 1
    assert "or as a table, in a .csv or .parquet file" in done.err
    (tmp_path / "text.csv").write_text("area,age\n1,old\n2,new\n3,new\n4,old\n")
    done = predict(capsys, model, "text.csv")
    assert "row 1 of text.csv has 'old' for age, which is no number" in done.err
