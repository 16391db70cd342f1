"""Data from NumPy archives: what Keras's users save, trained and predicted as any other."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from archspec.cli import main
from archspec.frontend import compile_spec
from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.dataset import Dataset, load, load_file
from archspec.training.errors import TrainingError, UnreadableError

IMAGE = TensorType.of_example((1, 8, 8))
DIGITS = load_digits()
NETWORK = """
name: small
inputs: {image: [1, 8, 8]}
layers:
  - conv2d: {out_channels: 4, kernel_size: 3, bias: false}
  - batch_norm
  - relu
  - flatten
  - linear: 10
train:
  data: {DATA, preprocess: [rescale: 0.0625], split: {validation: 0.2}}
  epochs: 2
"""


def archive(folder: Path, **arrays: object) -> Path:
    path = folder / "digits.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def data(path: Path, **fields: object) -> Data:
    return Data.model_validate({"npz": str(path), **fields})


def made(path: Path, taken: TensorType = IMAGE, **fields: object) -> Dataset:
    return load(data(path, **fields), taken)


def spec_in(folder: Path, source: str) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.yaml"
    path.write_text(NETWORK.replace("DATA", source))
    return path


def results(run: Path) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads((run / "metrics.json").read_text())
    return {n: metrics[n] for n in ("train", "validation", "test", "splits") if n in metrics}


@pytest.mark.parametrize(
    ("axes", "fields"),
    [
        ("first", ""),
        ("last", ", channels_last: true"),
        ("none", ""),
        ("none", ", channels_last: true"),
    ],
)
def test_digits_from_a_file_train_as_those_of_scikit_learn(
    axes: str, fields: str, tmp_path: Path
) -> None:
    images = DIGITS.images.astype(np.uint8)
    stored = {"first": images[:, None], "last": images[..., None], "none": images}[axes]
    archive(tmp_path, x=stored, y=DIGITS.target)
    for name, source in (("a", "dataset: digits"), ("b", f"npz: digits.npz{fields}")):
        spec = str(spec_in(tmp_path, source))
        assert main(["train", spec, "-o", str(tmp_path / name), "--device", "cpu"]) == 0
    assert results(tmp_path / "a") == results(tmp_path / "b")
    csvs = [(tmp_path / name / "metrics.csv").read_bytes() for name in "ab"]
    assert csvs[0] == csvs[1]


def test_colours_and_signals_are_turned_to_channels_first(tmp_path: Path) -> None:
    for shape in ((20, 5, 4, 3), (20, 7, 3), (20, 6, 5, 4, 3)):
        x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        path = archive(tmp_path, x=x, y=np.arange(20) % 2)
        taken = TensorType.of_example((3, *shape[1:-1]))
        splits = made(path, taken, channels_last=True).splits.values()
        for examples in splits:
            assert torch.equal(
                examples.inputs, torch.from_numpy(np.moveaxis(x, -1, 1))[examples.indices]
            )


def test_vectors_have_no_channels(tmp_path: Path) -> None:
    path = archive(tmp_path, x=np.ones((20, 3)), y=np.arange(20) % 2)
    assert made(path, TensorType.of_example((3,)), channels_last=True).example == (3,)


def test_the_test_split_of_an_archive_is_taken_as_it_is(tmp_path: Path) -> None:
    x, y = DIGITS.images, DIGITS.target[:, None]
    path = archive(tmp_path, x_train=x[:1500], y_train=y[:1500], x_test=x[1500:], y_test=y[1500:])
    splits = made(path, split={"validation": 100}).splits
    assert {name: examples.number for name, examples in splits.items()} == {
        "train": 1400, "validation": 100, "test": 297,
    }  # fmt: skip
    assert splits["test"].indices.tolist() == list(range(1500, 1797))
    assert np.array_equal(splits["test"].inputs[:, 0], x[1500:].astype(np.float32))
    assert max(splits["train"].indices.max(), splits["validation"].indices.max()) < 1500
    for examples in splits.values():
        assert np.array_equal(examples.targets, DIGITS.target[examples.indices])
    with pytest.raises(TrainingError, match="a test split of their own") as caught:
        made(path, split={"test": 0.3})
    assert "leave `test` out" in caught.value.help


def test_classes_are_named_by_the_spec_or_the_archive_or_numbered(tmp_path: Path) -> None:
    x, y, words = np.ones((30, 8, 8)), np.arange(30) % 3, ["ein", "zwei", "drei"]
    assert made(archive(tmp_path, x=x, y=y)).classes == ("0", "1", "2")
    named = archive(tmp_path, x=x, y=y, classes=np.array(words))
    assert made(named).classes == tuple(words)
    assert made(named, classes=["a", "b", "c", "d"]).classes == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": [1]}, "has no x_train and no y_train and no x_test and no y_test; it holds a"),
        ({"x": [1]}, "has no y; it holds x"),
        ({"x_train": [1], "y_train": [1]}, "has no x_test and no y_test; it holds x_train, y_tr"),
        ({"x": np.ones((3, 8)), "y": [0, 1]}, "x in digits has 3 examples, but y has 2"),
        ({"x": np.ones((2, 8)), "y": [-1, 1]}, "y in digits holds other numbers than those of"),
        ({"x": np.ones((2, 8)), "y": [0, 1j]}, "y in digits holds complex128, not numbers"),
        ({"x": np.ones((2, 8)), "y": [0.5, np.nan]}, "is NaN or infinite in single precision for"),
        ({"x": [["a"], ["b"]], "y": [0, 1]}, "x in digits holds <U1, not numbers"),
        ({"x": [[1j], [2]], "y": [0, 1]}, "x in digits holds complex128, not numbers"),
        ({"x": [], "y": []}, "x in digits holds no examples"),
        ({"x": 3, "y": 4}, "x in digits holds no examples"),
        ({"x": np.ones((2, 8)), "y": [0, 10**12]}, "digits has 1,000,000,000,001 classes"),
        ({"x": np.ones((2, 8)), "y": [0, 2], "classes": ["a", "b"]}, "there are names for 2"),
        ({"x": [[0]] * 7 + [[np.nan]] * 2, "y": [0, 1, 1] * 3}, "infinite in single precision for"),
        ({"x": [[1e300]] * 9, "y": [0, 1, 1] * 3}, "digits is NaN or infinite in single precision"),
        ({"x": np.ones((9, 8)), "y": [0] * 9}, "digits has one class, 0; there is nothing to tell"),
        (
            {"x_train": np.ones((2, 8)), "y_train": [0, 1], "x_test": np.ones((2, 9)),
             "y_test": [0, 1]},
            "x_train in digits has 8, but x_test in digits has 9",
        ),
    ],
)  # fmt: skip
def test_arrays_that_are_no_data_set_are_told(
    arrays: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError) as caught:
        made(archive(tmp_path, **arrays))
    assert message in caught.value.message


def test_files_that_hold_no_arrays_are_told(tmp_path: Path) -> None:
    objects = archive(tmp_path, x=np.array([{}, []], dtype=object), y=[0, 1])
    with pytest.raises(UnreadableError, match="arrays of Python objects, which run code"):
        made(objects)
    good = archive(tmp_path, x=np.ones((9, 8)), y=np.arange(9)).read_bytes()
    broken = tmp_path / "broken.npz"
    for content in (b"", b"hello", good[:200], good[:60] + b"\0" * 50 + good[110:]):
        broken.write_bytes(content)
        with pytest.raises(UnreadableError, match="is not a NumPy archive"):
            made(broken)
    with zipfile.ZipFile(broken, "w") as file:
        file.writestr("x.npy", "no array")
    with pytest.raises(TrainingError):
        made(broken)


def test_the_command_says_what_is_wrong_with_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "run"
    spec = str(spec_in(tmp_path, "npz: digits.npz"))
    assert main(["train", spec, "-o", str(output)]) == 3
    path = tmp_path / "digits.npz"
    assert (
        capsys.readouterr().err
        == f"error: {spec}:11:10: cannot read {path}: No such file or directory\n"
    )
    archive(tmp_path, x=np.ones((200, 8, 9)), y=np.arange(200) % 10)
    assert main(["train", spec, "-o", str(output)]) == 1
    error = capsys.readouterr().err
    assert "digits gives examples of 1×8×9, but the network takes image: 1×8×8" in error
    assert not output.exists()


def test_a_path_is_relative_to_what_says_it_and_kept_by_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        archive(folder, x=DIGITS.images, y=DIGITS.target)
    spec = spec_in(there, "npz: digits.npz")
    monkeypatch.chdir(here)
    arguments = ["train", "../there/" + spec.name, "--device", "cpu"]
    assert main([*arguments, "-o", "first"]) == 0
    assert main([*arguments, "-o", "second", "--set", "train.data.npz=digits.npz"]) == 0
    for name, folder in (("first", there), ("second", here)):
        train = compile_spec(str(here / name / "spec.yaml")).train
        assert train is not None
        assert train.data.npz == str(folder / "digits.npz")
    assert main(["train", "first", "-o", "again", "--device", "cpu"]) == 0
    assert results(Path("again")) == results(Path("first"))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, and the run and the data that it comes from."""
    folder = tmp_path_factory.mktemp("exported")
    archive(folder, x=DIGITS.images[..., None], y=DIGITS.target)
    spec = str(spec_in(folder, "npz: digits.npz, channels_last: true"))
    run, model = str(folder / "run"), str(folder / "model.onnx")
    assert main(["train", spec, "-o", run, "--device", "cpu"]) == 0
    assert main(["export", run, "--onnx", "--weights", run, "-o", model]) == 0
    return folder


def predicted(
    capsys: pytest.CaptureFixture[str], folder: Path, *arguments: object
) -> tuple[int, Any]:
    capsys.readouterr()
    code = main(["predict", str(folder / "model.onnx"), "--format", "json", *map(str, arguments)])
    return code, json.loads(capsys.readouterr().out)


def test_prediction_takes_the_file_of_the_spec(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = predicted(capsys, exported, "--weights", exported / "run")
    assert code == 0
    assert said["comparison"]["agrees"]
    assert said["accuracy"] == pytest.approx(
        results(exported / "run")["test"]["accuracy"], abs=1e-6
    )


def test_prediction_takes_another_file(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = DIGITS.images[:20]
    labelled = archive(tmp_path, x=images[..., None], y=DIGITS.target[:20])
    code, known = predicted(capsys, exported, labelled)
    assert (code, known["examples"], known["split"]) == (0, 20, "file")
    assert known["accuracy"] == known["correct"] / 20
    assert [row["truth"] for row in known["predictions"]] == list(map(str, DIGITS.target[:20]))
    np.save(tmp_path / "bare.npy", images)
    code, bare = predicted(capsys, exported, tmp_path / "bare.npy", "--weights", exported / "run")
    assert (code, bare["accuracy"], bare["correct"]) == (0, None, None)
    assert bare["comparison"]["agrees"]
    assert bare["comparison"]["accuracy"] is None
    assert [row | {"truth": None} for row in known["predictions"]] == bare["predictions"]
    code = main(["predict", str(exported / "model.onnx"), str(tmp_path / "bare.npy")])
    lines = capsys.readouterr().out.splitlines()
    assert (code, lines[0]) == (0, "bare, file: 20 examples")
    assert lines[3].split()[1] == "?"
    assert "wrong" not in "".join(lines)


def test_names_of_a_shipped_data_set_serve_for_other_examples(tmp_path: Path) -> None:
    np.save(tmp_path / "flowers.npy", np.ones((2, 4)))
    iris = Data.model_validate({"dataset": "iris"})
    flowers = load_file(tmp_path / "flowers.npy", iris, TensorType.of_example((4,)), 3)
    assert flowers.classes == ("setosa", "versicolor", "virginica")
    assert not flowers.splits["file"].labelled


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("missing.npy", None, 3, "cannot read"),
        ("wide.npy", np.ones((2, 9, 9)), 1, "wide gives examples of 1×9×9"),
        ("words.npy", np.array(["a"]), 1, "words.npy holds no examples made of numbers"),
    ],
)
def test_files_that_the_model_does_not_take_are_told(
    name: str, content: np.ndarray | None, code: int, message: str,
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / name
    if content is not None:
        np.save(path, content)
    assert main(["predict", str(exported / "model.onnx"), str(path)]) == code
    assert message in capsys.readouterr().err
