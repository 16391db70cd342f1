"""`archspec data`: what is in the data, what may be wrong with them, and pictures of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from photographs import cut, picture
from PIL import Image
from sklearn.datasets import load_digits, load_iris

from archspec.cli import main

DIGITS = load_digits()
NETWORK = """
name: net
inputs: {image: SHAPE}
layers: [flatten, linear: 10]
train:
  data: {DATA}
  epochs: 1
"""


def spec_in(folder: Path, data: str, shape: str = "[1, 8, 8]") -> str:
    path = folder / "net.yaml"
    path.write_text(NETWORK.replace("SHAPE", shape).replace("{DATA}", f"{{{data}}}"))
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["data", *arguments, "--format", "json"]) == 0
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    return made


def archive(folder: Path, **arrays: object) -> str:
    np.savez(folder / "some.npz", **arrays)  # type: ignore[arg-type]
    return "npz: some.npz"


def test_classes_and_values_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = "preprocess: [{rescale: 0.0625}], split: {validation: 100, test: 300}"
    made = said(capsys, spec_in(tmp_path, f"dataset: digits, {steps}"))
    sizes = {name: part["examples"] for name, part in made["splits"].items()}
    assert sizes == {"train": 1397, "validation": 100, "test": 300}
    counts = np.zeros(10, int)
    for part in made["splits"].values():
        counts += [*part["classes"].values()]
    assert counts.tolist() == np.bincount(DIGITS.target).tolist()
    train = [*made["splits"]["train"]["classes"].values()]
    assert made["imbalance"] == max(train) / min(train)
    assert (made["before_preprocessing"]["lowest"], made["before_preprocessing"]["highest"]) == (
        0,
        16,
    )
    assert made["after_preprocessing"]["highest"] == 1
    for name in ("mean", "std"):
        before, after = (made[f"{when}_preprocessing"][name] for when in ("before", "after"))
        assert np.divide(before, 16) == pytest.approx(after)
    assert made["duplicates"] == []


def test_mean_and_deviation_are_those_of_the_training_split(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = np.stack([cut("china", at, 8, 8) for at in range(30)])
    data = archive(tmp_path, x_train=images[:20], y_train=np.arange(20) % 2,
                   x_test=images[20:], y_test=np.arange(10) % 2)  # fmt: skip
    made = said(capsys, spec_in(tmp_path, f"{data}, channels_last: true", "[3, 8, 8]"))
    values = made["before_preprocessing"]
    np.testing.assert_allclose(values["mean"], images[:20].mean((0, 1, 2)))
    np.testing.assert_allclose(values["std"], images[:20].std((0, 1, 2)))


def test_the_table_is_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = np.arange(20 * 64).reshape(20, 8, 8)
    data = archive(tmp_path, x=x, y=["녹내장"] * 15 + ["정상"] * 5)
    spec = spec_in(tmp_path, f"{data}, split: {{test: 4}}")
    assert main(["data", spec]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "some: 20 examples of 1×8×8, 2 classes",
        "",
        "               train        test",
        "녹내장            12           3  ██████████████████████████████",
        "정상               4           1  ██████████",
        "examples          16           4",
        "the largest class of train is 3 times the smallest",
        "",
        *printed.out.splitlines()[8:],
    ]
    assert printed.out.splitlines()[8].startswith("before preprocessing  ")
    # The network has ten outputs.
    assert printed.err.startswith("warning: some has 2 classes, but the network's output")


def test_the_splits_of_a_cross_validation_are_those_of_its_first_fold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = spec_in(tmp_path, "dataset: digits, split: {folds: 3}")
    assert main(["data", spec]) == 0
    assert capsys.readouterr().out.splitlines()[1:3] == ["the splits are those of fold 1 of 3", ""]


def test_two_classes_and_one_output_go_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "name: net\ninputs: {x: [30]}\nlayers: [linear: 1]\n"
        "train: {data: {dataset: breast_cancer}, loss: binary_cross_entropy, epochs: 1}\n"
    )
    assert main(["data", str(spec)]) == 0
    assert capsys.readouterr().err == ""


def test_values_to_predict_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = load_iris().data
    spec = spec_in(tmp_path, f"{archive(tmp_path, x=x[:, :3], y=x[:, 3])}", "[3]")
    made = said(capsys, spec)
    assert made["classes"] == []
    assert made["imbalance"] is None
    train = made["splits"]["train"]["targets"]
    assert (train["lowest"], train["highest"]) == pytest.approx((0.1, 2.5))
    assert main(["data", spec]) == 0
    assert "train       120 examples: targets 0.1 to 2.5, mean" in capsys.readouterr().out


TABLE = """
name: net
inputs: {x: [3]}
layers: [linear: 2]
train: {data: {table: {file: some.csv, target: kind}}, epochs: 1}
"""


def test_the_columns_of_a_table_are_told_also_if_it_cannot_be_trained_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(TABLE)
    lines = [f"{at},{'' if at in (3, 4) else at / 2},0,{'ab'[at % 2]}" for at in range(20)]
    (tmp_path / "some.csv").write_text("\n".join(["a,b,c,kind", *lines]) + "\n")
    assert main(["data", str(spec)]) == 1
    printed = capsys.readouterr()
    told = {line.split()[0]: line.split()[1:] for line in printed.out.splitlines() if line}
    assert told["a"] == ["numbers", "0", "20", "0", "19", "9.5", "5.766"]
    assert told["b"][:3] == ["numbers", "2", "18"]
    assert told["kind"] == ["text", "0", "2"]
    assert "row 4 of" in printed.err
    (tmp_path / "some.csv").write_text("\n".join(["a,b,c,kind", *lines[5:]]) + "\n")
    made = {column["name"]: column for column in said(capsys, str(spec))["columns"]}
    assert (made["b"]["missing"], made["b"]["lowest"], made["b"]["highest"]) == (0, 2.5, 9.5)


def test_examples_in_two_splits_are_a_leak(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, y = DIGITS.images[:40].copy(), DIGITS.target[:40].copy()
    images[35], images[36], images[3], y[3] = images[0], images[1], images[2], y[2] + 1
    y[35], y[36] = y[0], y[1]
    data = archive(tmp_path, x_train=images[:30], y_train=y[:30],
                   x_test=images[30:], y_test=y[30:])  # fmt: skip
    spec = spec_in(tmp_path, data)
    made = said(capsys, spec)
    assert made["duplicates"] == [
        {"splits": ["train", "train"], "number": 1,
         "example": ["example 2 of some", "example 3 of some"]},
        {"splits": ["train", "test"], "number": 2,
         "example": ["example 0 of some", "example 35 of some"]},
    ]  # fmt: skip
    assert made["contradictions"] == 2
    assert main(["data", spec]) == 0
    warnings = capsys.readouterr().err.splitlines()
    assert warnings[1] == (
        "warning: 2 examples of test are in train, too: example 35 of some is example 0 of some"
    )
    assert warnings[2] == "warning: 2 examples are there with another class, too"


def test_the_grid_shows_every_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = spec_in(tmp_path, "dataset: digits")
    grid = tmp_path / "grid.png"
    assert main(["data", spec, "--grid", str(grid), "--split", "test"]) == 0
    assert f"{grid}: 36 examples of test" in capsys.readouterr().out
    with Image.open(grid) as image:
        assert image.size == (6 * 172 + 12, 6 * (172 + 38 + 12) + 12)
        # Black and white are those of the data set: the corner of a digit is black.
        assert image.getpixel((13, 13)) == (0, 0, 0)


def augmented(folder: Path, more: str = "") -> str:
    for name, photograph in (("녹내장", "china"), ("T-shirt", "flower")):
        for at in range(6):
            path = folder / f"pictures/{name}/{at}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture(photograph, at, 40, 30).save(path)
    steps = "preprocess: [{resize: [8, 8]}, {rescale: 0.0039}, standardize]"
    augment = f"augment: {{horizontal_flip: true, rotation_range: 20{more}}}"
    data = f"folder: pictures, {steps}, {augment}, split: {{test: 4}}, workers: 0"
    return spec_in(folder, data, "[3, 8, 8]")


def test_originals_stand_beside_what_is_made_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = augmented(tmp_path, ", mixup: 0.4")
    monkeypatch.chdir(tmp_path)
    assert main(["data", spec, "--augmented"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "net-augmented.png: training examples, and 7 augmented ones beside each"
    )
    with Image.open("net-augmented.png") as image:
        assert image.width == 8 * 172 + 12
        first = image.crop((12, 12, 172, 172))
        others = [image.crop((12 + 172 * at, 12, 172 + 172 * at, 172)) for at in range(1, 8)]
    assert len({first.tobytes(), *(other.tobytes() for other in others)}) == 8
    content = Path("net-augmented.png").read_bytes()
    assert main(["data", spec, "--augmented", "--grid", "again.png"]) == 0
    assert Path("again.png").read_bytes() == content


def test_augmented_images_are_saved_as_a_data_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = augmented(tmp_path)
    target = tmp_path / "made"
    assert main(["data", spec, "--save", str(target), "--times", "3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{target}: 24 augmented images"
    assert sorted(path.name for path in target.iterdir()) == ["T-shirt", "녹내장"]
    assert len([*target.rglob("*.png")]) == 24
    with Image.open(next(target.rglob("*.png"))) as image:
        assert (image.size, image.mode) == ((8, 8), "RGB")
    assert {path.name for path in tmp_path.iterdir()} == {"made", "net.yaml", "pictures"}
    made = said(capsys, spec_in(tmp_path, "folder: made, split: {test: 2}", "[3, 8, 8]"))
    assert made["classes"] == ["T-shirt", "녹내장"]


@pytest.mark.parametrize(
    ("data", "arguments", "code", "message"),
    [
        ("dataset: digits", ["--augmented"], 2, "the spec has no `augment`"),
        ("dataset: digits", ["--save", "made"], 2, "the spec has no `augment`"),
        ("dataset: iris", ["--grid", "a.png"], 1, "the examples are no images"),
        ("dataset: digits", ["--grid", "a.png", "--split", "validation"], 1, "no examples in this"),
        ("dataset: digits", ["--grid", "no/where/a.png"], 3, "cannot write no/where/a.png: No"),
        ("npz: missing.npz", [], 3, "net.yaml:6:10: cannot read"),
        ("dataset: digits, split: {test: 5000}", [], 1, "net.yaml:6:35: the test split cannot be"),
        ("dataset: digits, augment: {mixup: 1}", ["--save", "."], 2, ". is not empty"),
    ],
)
def test_what_cannot_be_shown_is_told(
    data: str, arguments: list[str], code: int, message: str,
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    spec = spec_in(tmp_path, data)
    monkeypatch.chdir(tmp_path)
    assert main(["data", spec, *arguments]) == code
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["net.yaml"]


def test_a_grid_is_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["data", spec_in(tmp_path, "dataset: digits"), "--grid", "grid.txt"])
    assert caught.value.code == 2
    assert "takes a file such as grid.png" in capsys.readouterr().err


def test_a_spec_without_training_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.yaml").write_text("name: n\ninputs: {x: [3]}\nlayers: [linear: 2]\n")
    assert main(["data", str(tmp_path / "net.yaml")]) == 2
    assert "has no `train` section" in capsys.readouterr().err
