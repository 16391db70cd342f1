"""Tables, NumPy files and Hugging Face's data sets: the same examples, the same messages."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import torch
from photographs import picture
from sklearn.datasets import load_diabetes, load_digits, load_iris

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.dataset import Dataset, evaluation_batches, load
from archspec.training.data.labels import class_labels
from archspec.training.data.stored import Stored
from archspec.training.errors import TrainingError

IRIS, DIGITS = load_iris(), load_digits()
NAMES = [str(IRIS.target_names[number]) for number in IRIS.target]
FLOWER, IMAGE = TensorType.of_example((4,)), TensorType.of_example((1, 8, 8))


def made(taken: TensorType, **fields: object) -> Dataset:
    return load(Data.model_validate({"split": {"test": 0.2}, "workers": 0, **fields}), taken)


def trouble(taken: TensorType, **fields: object) -> tuple[str, str]:
    with pytest.raises(TrainingError) as caught:
        made(taken, **fields)
    assert caught.value.place[:2] == ("train", "data")
    return caught.value.message, caught.value.help


def flowers(**more: list[object]) -> pa.Table:
    columns = dict(zip("abcd", IRIS.data.T, strict=True))
    return pa.table({**columns, "kind": NAMES, **more})


def csv(path: Path, table: pa.Table, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    rows = [table.column_names, *zip(*table.to_pydict().values(), strict=True)]
    text = "".join(delimiter.join("" if v is None else str(v) for v in row) + "\n" for row in rows)
    path.write_text(text, encoding)
    return path


def table(path: Path, **fields: object) -> dict[str, Any]:
    return {"table": {"file": str(path), "target": "kind", **fields}}


@pytest.mark.parametrize("form", ["csv", "semicolons", "tabs", "parquet", "categories"])
def test_a_table_is_the_data_set_that_was_written(form: str, tmp_path: Path) -> None:
    path = tmp_path / ("iris.parquet" if form in ("parquet", "categories") else "iris.csv")
    written = flowers()
    if form == "categories":
        written = written.set_column(4, "kind", pa.array(NAMES).dictionary_encode())
    if path.suffix == ".parquet":
        parquet.write_table(written, path)
    else:
        csv(path, written, {"csv": ",", "semicolons": ";", "tabs": "\t"}[form])
    ours, theirs = made(FLOWER, **table(path)), made(FLOWER, dataset="iris")
    assert ours.classes == theirs.classes
    assert class_labels(Data.model_validate(table(path))) == theirs.classes
    for name, examples in ours.splits.items():
        assert torch.equal(examples.inputs, theirs.splits[name].inputs)
        assert torch.equal(examples.targets, theirs.splits[name].targets)


def test_a_table_of_korean_windows_is_read(tmp_path: Path) -> None:
    korean = dict(zip(IRIS.target_names, ("부채붓꽃", "버시컬러", "버지니카"), strict=True))
    written = flowers(품종=[korean[name] for name in NAMES]).drop_columns(["kind"])
    path = csv(tmp_path / "iris.csv", written, encoding="cp949")
    data = made(FLOWER, table={"file": str(path), "target": "품종"})
    assert data.classes == ("버시컬러", "버지니카", "부채붓꽃")


def test_features_and_weights_are_columns(tmp_path: Path) -> None:
    weights: list[object] = [*np.linspace(0.5, 2, 150)]
    path = csv(tmp_path / "iris.csv", flowers(weight=weights, note=["x"] * 150))
    said = table(path, features=["d", "a"])
    taken = TensorType.of_example((2,))
    data = made(taken, **said, sample_weights="weight")
    for examples in data.splits.values():
        assert torch.equal(
            examples.inputs, torch.tensor(IRIS.data[examples.indices][:, [3, 0]]).float()
        )
        assert examples.weights is not None
        wanted = np.array(weights, np.float32)[examples.indices]
        assert np.array_equal(examples.weights.numpy(), wanted)


def test_floating_point_targets_are_values_and_integers_are_on_demand(tmp_path: Path) -> None:
    x, y = load_diabetes(return_X_y=True, as_frame=False)
    columns = dict(zip("abcdefghij", x.T, strict=True))
    path = tmp_path / "diabetes.parquet"
    said: dict[str, Any] = {"table": {"file": str(path), "target": "y"}}
    taken = TensorType.of_example((10,))
    parquet.write_table(pa.table({**columns, "y": y}), path)
    data = made(taken, **said)
    assert data.classes == ()
    examples = data.splits["train"]
    assert examples.targets.dtype is torch.float32
    assert np.array_equal(examples.targets[:, 0].numpy(), y[examples.indices].astype(np.float32))
    assert examples.labelled
    parquet.write_table(pa.table({**columns, "y": y.astype(np.int64)}), path)
    assert len(made(taken, **said, split={"stratify": False}).classes) == y.max() + 1
    whole = made(taken, **said, targets="values")
    assert torch.equal(whole.splits["test"].targets, data.splits["test"].targets)


@pytest.mark.parametrize(
    ("change", "fields", "message", "help_"),
    [
        ({}, {"target": "kinds"}, "has no column kinds", "did you mean `kind`?"),
        ({}, {"features": ["a", "z"]}, "has no column z", "known columns: a, b, c, d, kind"),
        ({}, {"features": ["a", "kind"]}, "kind is the target and one of the features", "leave"),
        ({"e": ["x"] * 150}, {}, "row 1 of FILE has 'x' for e, which is no number", "by `feature"),
        ({"e": [1.5] * 77 + ["?"] + [2] * 72}, {}, "row 78 of FILE has '?' for e", "mend it"),
        ({"e": [1.5] * 9 + [None] + [2] * 140}, {}, "row 10 of FILE has no value for e", "fill"),
        ({"e": [1.5] * 9 + [None] * 2 + [2] * 139}, {}, "for e (2 rows in all)", "fill"),
        ({"e": [1.5] * 9 + ["nan"] + [2] * 140}, {}, "row 10 of FILE has no value for e", "fill"),
        (
            {"kind": ["a"] * 70 + [None] + ["b"] * 79},
            {},
            "row 71 of FILE has no value for kind",
            "",
        ),
        ({"e": [None] * 150}, {}, "row 1 of FILE has no value for e (150 rows in all)", ""),
    ],
)
def test_columns_that_are_not_there_or_no_numbers_are_told(
    change: dict[str, list[object]], fields: dict[str, Any], message: str, help_: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    columns = {**flowers().to_pydict(), **change}
    text = {name: pa.array([None if v is None else str(v) for v in held])
            for name, held in columns.items()}  # fmt: skip
    path = csv(tmp_path / "iris.csv", pa.table(text))
    said, helped = trouble(FLOWER, **table(path, **fields))
    assert message.replace("FILE", str(path)) in said
    assert help_ in helped


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_remedy_for_text_makes_numbers_of_it(suffix: str, tmp_path: Path) -> None:
    written = flowers(colour=["red", "blue", "white"] * 50)
    path = tmp_path / f"iris{suffix}"
    if suffix == ".csv":
        csv(path, written)
    else:
        parquet.write_table(written, path)
    said, helped = trouble(FLOWER, **table(path))
    assert "row 1 of" in said
    assert "a column of each of its 3 texts" in helped
    code = helped.partition("in Python: ")[2].partition(";")[0]
    done = subprocess.run(
        [sys.executable, "-c", f"import pandas; {code}"], cwd=tmp_path, check=False
    )
    assert done.returncode == 0
    data = made(TensorType.of_example((7,)), **table(tmp_path / f"iris-numbers{suffix}"))
    assert data.columns is not None
    assert data.columns.names[4:] == ("colour_blue", "colour_red", "colour_white")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "holds no table"),
        ("a.csv", b"a,b\n1,2,3\n", "holds no table: Expected 2 columns, got 3"),
        ("a.csv", b"a,a,kind\n1,2,x\n", "has two columns a"),
        ("a.csv", b"a,kind\n", "has 0 rows and 1 feature"),
        ("a.csv", b"kind\nx\n", "has 1 row and 0 features"),
        ("a.parquet", b"no parquet", "holds no table"),
        ("a.csv", None, "cannot read"),
        ("a.csv", b"a,kind\n1,\xff\xff\xff\n", "holds no table that can be read"),
    ],
)
def test_files_that_hold_no_table_are_told(
    name: str, content: bytes | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert message in trouble(FLOWER, **table(tmp_path / name))[0]


def arrays(folder: Path, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    return {"npy": {"x": str(folder / "x.npy"), "y": str(folder / "y.npy")}}


@pytest.mark.parametrize("workers", [0, 2])
def test_arrays_on_disk_are_read_as_they_are_needed(workers: int, tmp_path: Path) -> None:
    said = arrays(tmp_path, DIGITS.images[..., None].astype(np.uint8), DIGITS.target)
    steps = [{"rescale": 0.0625}, {"standardize": "featurewise"}]
    fields = {"channels_last": True, "preprocess": steps}
    whole = made(IMAGE, dataset="digits", preprocess=steps)
    read = made(IMAGE, **said, **fields, in_memory=False, workers=workers)
    for name, examples in read.splits.items():
        assert isinstance(examples.held, Stored)
        batches = [*evaluation_batches(examples)] if examples.number else []
        theirs = [*evaluation_batches(whole.splits[name])] if examples.number else []
        for ours, wanted in zip(batches, theirs, strict=True):
            assert all(torch.equal(a, b) for a, b in zip(ours, wanted, strict=True))
    kept = made(IMAGE, **said, **fields).splits["train"]
    assert torch.equal(kept.inputs, whole.splits["train"].inputs)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((9, 4)), np.arange(8) % 2, "x.npy has 9 examples, but DIR/y.npy has 8"),
        (np.array(["a"]), np.arange(1), "x.npy holds <U1, not numbers"),
        (np.ones((9, 4)), np.full(9, np.nan), "y.npy is NaN or infinite in single precision for"),
        (np.ones((9, 4)), np.array(3), "x.npy has 9 examples, but DIR/y.npy has no rows"),
    ],
)
def test_arrays_that_are_no_data_set_are_told(
    x: np.ndarray, y: np.ndarray, message: str, tmp_path: Path
) -> None:
    said = arrays(tmp_path, x, y)
    assert message.replace("DIR", str(tmp_path)) in trouble(FLOWER, **said)[0]


def test_files_that_are_no_arrays_are_told(tmp_path: Path) -> None:
    said = arrays(tmp_path, np.ones((9, 4)), np.arange(9) % 2)
    whole = (tmp_path / "x.npy").read_bytes()
    for content in (b"", b"no array", whole[:200]):
        (tmp_path / "x.npy").write_bytes(content)
        assert "x.npy is not a NumPy file" in trouble(FLOWER, **said)[0]
    said = arrays(tmp_path, np.ones((9, 4)), np.arange(9) % 2)
    with (tmp_path / "y.npy").open("wb") as file:  # whose arrays have names, and none is x
        np.savez(file, y=np.arange(9) % 2)
    assert "y.npy is not a NumPy file of one array" in trouble(FLOWER, **said)[0]


@pytest.mark.parametrize("workers", [0, 1])
def test_an_example_that_is_no_number_is_named(workers: int, tmp_path: Path) -> None:
    x = np.ones((90, 4))
    x[77, 2] = np.inf
    said = arrays(tmp_path, x, np.arange(90) % 2)
    message = "x is NaN or infinite in single precision for example 77"
    assert message == trouble(FLOWER, **said)[0]
    split = {"test": 0.5, "shuffle": False}
    test = made(FLOWER, **said, split=split, in_memory=False, workers=workers).splits["test"]
    with pytest.raises(TrainingError, match=message):
        [*evaluation_batches(test)]
    (tmp_path / "x.npy").unlink()
    assert trouble(FLOWER, **said)[0].startswith(f"cannot read {tmp_path / 'x.npy'}")


def png(at: int, name: str) -> dict[str, Any]:
    content = BytesIO()
    picture(name, at, 8, 8).save(content, "PNG")
    return {"bytes": content.getvalue(), "path": None}


def saved(folder: Path) -> Path:
    """Saves a data set of pictures, with splits, as Hugging Face's library does."""
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["temple", "flower"])}
    )
    parts = {}
    for part, first, count in (("train", 0, 12), ("test", 40, 4)):
        rows = {
            "image": [png(first + at, ("china", "flower")[at % 2]) for at in range(count)],
            "label": [at % 2 for at in range(count)],
        }
        parts[part] = datasets.Dataset.from_dict(rows, features=features)
    datasets.DatasetDict(parts).save_to_disk(str(folder / "set"))
    return folder / "set"


def test_a_saved_data_set_of_pictures_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path)
    said: dict[str, Any] = {"huggingface": {"path": str(path)}, "split": {"validation": 4}}
    taken = TensorType.of_example((3, 8, 8))
    data = made(taken, **said)
    assert data.classes == ("temple", "flower")
    assert class_labels(Data.model_validate(said)) == data.classes
    assert [data.splits[n].number for n in ("train", "validation", "test")] == [8, 4, 4]
    wanted = np.stack([np.asarray(picture(("china", "flower")[at % 2], 40 + at, 8, 8))
                       for at in range(4)])  # fmt: skip
    assert np.array_equal(data.splits["test"].inputs.numpy(), wanted.transpose(0, 3, 1, 2))
    assert data.splits["test"].targets.tolist() == [0, 1, 0, 1]
    read = made(taken, **said, in_memory=False, workers=2).splits["train"]
    (batch,) = evaluation_batches(read)
    assert torch.equal(batch[0], data.splits["train"].inputs)


def test_saved_rows_of_numbers_are_read(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_dict({"x": IRIS.data.tolist(), "kind": NAMES})
    rows.save_to_disk(str(tmp_path / "iris"))
    columns = {"path": str(tmp_path / "iris"), "features": "x", "target": "kind"}
    ours, theirs = made(FLOWER, huggingface=columns), made(FLOWER, dataset="iris")
    assert ours.classes == theirs.classes
    assert torch.equal(ours.splits["test"].inputs, theirs.splits["test"].inputs)
    ragged = [[*range(at % 2 + 3)] for at in range(150)]
    datasets.Dataset.from_dict({"x": ragged, "kind": NAMES}).save_to_disk(str(tmp_path / "r"))
    message, _ = trouble(FLOWER, huggingface={**columns, "path": str(tmp_path / "r")})
    assert message == "x in r does not hold as many numbers in each row"
    message, help_ = trouble(FLOWER, huggingface={**columns, "features": "y"})
    assert message.endswith("has no column y")
    assert help_ == "known columns: kind, x"


def test_a_directory_that_holds_no_data_set_is_told(tmp_path: Path) -> None:
    message, help_ = trouble(FLOWER, huggingface={"path": str(tmp_path)})
    assert message.startswith(f"cannot get {tmp_path}: ")
    assert "save_to_disk" in help_
