"""Examples shown as pictures: their colours before preprocessing, and what stands below them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from photographs import cut, picture
from PIL import Image, ImageFont
from predicting import exported, predict

from archspec.cli import main
from archspec.cli.data import _labels
from archspec.cli.prediction_grid import _cell
from archspec.cli.predictions import Report
from archspec.frontend import Compiled, compile_text
from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.dataset import Dataset, load
from archspec.training.data.samples import augmented_cells, sample_cells
from archspec.training.data.source import UNKNOWN
from archspec.training.loop.objective import main_input
from archspec.training.prediction.given import GivenArrays
from archspec.training.prediction.outcomes import Classes
from archspec.training.prediction.picture_grid import GAP, SIDE, _shortened
from archspec.training.prediction.picture_scale import pictures_of
from archspec.training.record.class_results import Judged, Labelled
from archspec.training.record.evaluation import Evaluation
from archspec.training.record.judgement import judgement
from archspec.training.record.shown_pictures import class_pictures, label_pictures

STEPS = {
    "featurewise": "{resize: [8, 8]}, standardize: featurewise",
    "samplewise": "{resize: [8, 8]}, standardize: samplewise",
    "normalize": "{resize: [8, 8]}, normalize: {mean: [120, 90, 60], std: [9, 90, 900]}",
}

TAGS = """
name: tags
inputs: {image: [3, 8, 8]}
layers: [flatten, linear: 4]
train:
  data: {npz: NPZ, split: {test: 0.5}MORE}
  loss: binary_cross_entropy
  epochs: 1
"""
TRUE = np.array([[0, 0, 0, 1], [0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0]] * 4)


def photographs(folder: Path) -> None:
    """Stores pictures of two classes and two sizes; all have a black pixel and a white one."""
    for name in ("china", "flower"):
        for at in range(4):
            made = picture(name, at, 16, 24 - 8 * (at % 2))
            made.putpixel((0, 0), (0, 0, 0))
            made.putpixel((1, 0), (255, 255, 255))
            (folder / name).mkdir(parents=True, exist_ok=True)
            made.save(folder / name / f"{at}.png")


def tags(folder: Path, more: str = "", **arrays: object) -> tuple[Path, Compiled]:
    """Stores a spec whose examples have several labels, and returns it compiled."""
    images = np.stack([cut("china", at, 8, 8) for at in range(16)])
    given: dict[str, object] = {"x": images.transpose(0, 3, 1, 2), "y": TRUE, **arrays}
    np.savez(folder / "some.npz", **given)  # type: ignore[arg-type]
    text = TAGS.replace("NPZ", str(folder / "some.npz")).replace("MORE", more)
    (folder / "tags.yaml").write_text(text)
    return folder / "tags.yaml", compile_text(text, "tags.yaml")


def loaded(compiled: Compiled) -> Dataset:
    assert compiled.train is not None
    return load(compiled.train.data, main_input(compiled.graph).type)


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("augment", ["", "augment: {horizontal_flip: true}, "])
def test_pictures_have_the_colours_of_their_files(steps: str, augment: str, tmp_path: Path) -> None:
    photographs(tmp_path / "photographs")
    compiled = compile_text(
        "name: n\ninputs: {image: [3, 8, 8]}\nlayers: [flatten, linear: 2]\ntrain: {epochs: 1, "
        f"data: {{folder: {tmp_path / 'photographs'}, {augment}workers: 0, "
        f"preprocess: [{STEPS[steps]}], split: {{test: 4}}}}}}\n",
        "n.yaml",
    )
    data = loaded(compiled)
    files = sorted((tmp_path / "photographs").rglob("*.png"))
    for split in ("train", "test"):
        examples = data.splits[split]
        judged = Judged(data.classes, np.zeros(4, int), np.zeros(4, int), np.ones(4))
        of_report = {s.number: s.picture for s in class_pictures(judged, examples, range(4))}
        of_data = {int(str(c.lines[1])[1:]): c.picture for c in sample_cells(data, split)}
        for shown in (of_report, of_data):
            assert sorted(shown) == sorted(examples.indices)
            for number, made in shown.items():
                assert np.array_equal(np.asarray(made), np.asarray(Image.open(files[number])))
    for file in files:
        file.unlink()
    held = class_pictures(judged, data.splits["test"], range(4))  # so that no report is lost
    assert [each.picture.size for each in held] == [(8, 8)] * 4


def test_pictures_that_are_seen_together_have_one_scale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = np.ones((1, 8, 8), np.float32)
    dark, light = pictures_of([flat * 0, flat]) or []
    assert (dark.getpixel((0, 0)), light.getpixel((0, 0))) == (0, 255)
    assert pictures_of([flat, flat[0]]) is None
    (large,) = pictures_of([cut("china", 0, 400, 600).transpose(2, 0, 1).repeat(2, 2)]) or []
    assert large.size == (1200 // 4, 400 // 4)
    expected = Image.fromarray(cut("china", 0, 400, 600)).resize(large.size, Image.Resampling.BOX)
    assert np.abs(np.asarray(large, float) - np.asarray(expected, float)).max() <= 1
    kinds: list[tuple[str, dict[str, np.ndarray]]] = [
        ("cross_entropy", {}), ("cross_entropy", {"y": np.arange(4)}), ("mse", {})
    ]  # fmt: skip
    for loss, given in kinds:
        model = exported(
            tmp_path, "name: n\ninputs: {image: [1, 8, 8]}\nlayers: [flatten, linear: 10]\n"
            "train: {data: {npz: none.npz, preprocess: [standardize: samplewise]}, epochs: 1, "
            f"loss: {loss}}}\n"
        )  # fmt: skip
        values = np.array([0, 51, 102, 255], np.float32)
        given["x"] = values[:, None, None, None] * flat
        np.savez(tmp_path / "some.npz", **given)  # type: ignore[arg-type]
        grid = tmp_path / "grid.png"
        assert predict(capsys, model, tmp_path / "some.npz", "--grid", grid).code == 0
        with Image.open(grid) as image:
            step = (image.height - GAP) // 2
            places = [(x, y) for y in (GAP + 9, step + GAP + 9) for x in (GAP + 9, SIDE + GAP * 3)]
            assert [image.getpixel(place) for place in places] == [
                (v, v, v) for v in (0, 51, 102, 255)
            ]


@pytest.mark.parametrize(
    ("arrays", "names"), [({}, "0123"), ({"classes": list("abcd")}, "abcd")]
)  # fmt: skip
def test_labels_that_are_present_are_named(
    arrays: dict[str, object], names: str, tmp_path: Path
) -> None:
    _, compiled = tags(tmp_path, ", augment: {horizontal_flip: true}", **arrays)
    data = loaded(compiled)
    labels = _labels(compiled, data)
    assert "".join(labels) == names
    told = {0: names[3], 1: "none", 2: f"{names[0]}, {names[2]}", 3: names[1]}
    cells = sample_cells(data, "test", labels)
    at = data.splits["test"].indices
    assert [cell.lines for cell in cells] == [[told[place % 4], f"#{place}"] for place in at]
    assert compiled.train is not None and compiled.train.data.augment is not None
    first, *others = augmented_cells(data, compiled.train.data.augment, labels)[:8]
    assert first.lines == [told[data.splits["train"].indices[0] % 4], "original"]
    assert not any(cell.lines for cell in others)


@pytest.mark.parametrize("mixing", ["mixup", "cutmix"])
def test_both_classes_of_a_mixture_are_named(mixing: str) -> None:
    spec = Data.model_validate({"dataset": "digits", "augment": {mixing: 1.0}})
    data = load(spec, TensorType.of_example((1, 8, 8)))
    assert spec.augment is not None
    torch.manual_seed(0)
    cells = augmented_cells(data, spec.augment)
    mixtures = [
        cell.lines for cell in cells if len(cell.lines) == 2 and "original" not in cell.lines
    ]
    assert len(mixtures) > 20
    for lines in mixtures:
        (name, one), (other, two) = ("".join(line).split() for line in lines)
        most, least = (int(share.strip("(%)")) for share in (one, two))
        assert most >= least
        assert most + least == pytest.approx(100, abs=1)
        assert {name, other} <= {*data.classes} and name != other


def test_brightness_is_not_of_what_is_below_black(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    augment = ", augment: {brightness_range: [0.5, 1.5]}"
    spec, _ = tags(tmp_path, augment, x=random.normal(size=(16, 3, 8, 8)))
    monkeypatch.chdir(tmp_path)
    column = spec.read_text().splitlines()[5].index("brightness_range") + 1
    for command in (["data", "--augmented"], ["train", "-o", "run"]):
        assert main([command[0], str(spec), *command[1:]]) == 1
        err = capsys.readouterr().err
        assert "is that of images from 0 (black) to white, but some has values below 0" in err
        assert f"tags.yaml:6:{column}: brightness" in err
    # What interpolation alone makes less than black is no reason.
    spec, _ = tags(
        tmp_path, f"{augment}, preprocess: [resize: {{size: [8, 8], interpolation: bicubic}}]",
        x=255.0 * random.integers(0, 2, (16, 3, 5, 5)),
    )  # fmt: skip
    assert main(["data", str(spec), "--augmented"]) == 0
    assert "after preprocessing   -" in capsys.readouterr().out


def test_labels_of_images_are_shown_below_them(tmp_path: Path) -> None:
    _, compiled = tags(tmp_path)
    examples = loaded(compiled).splits["train"]
    true = examples.targets.numpy() > 0.5
    likely = np.where(true, 0.875, 0.125)
    likely[2] = [0.625, 0.75, 0.125, 0.125]
    labelled = Labelled(tuple("abcd"), true, likely)
    scores = np.zeros((len(true), 4))
    shown = judgement(Evaluation({}, scores, scores, None, labelled, ""), examples)
    assert [*shown.files] == ["predictions.png"]
    first = shown.for_page["pictures"][0]
    assert first["number"] == examples.indices[2] and not first["right"]
    assert first["said"] == [("a", "62.5%"), ("b", "75.0%")]
    worst, *others = label_pictures(labelled, examples, [2, *range(2), *range(3, 8)])
    wanted = ", ".join(np.array([*"abcd"])[true[2]]) or "none"
    assert worst.cell.lines == [("a", " (62%)"), ("b", " (75%)"), f"true: {wanted}"]
    assert all(each.right for each in others)
    nothing = next(each for each in others if each.true == "none")
    assert nothing.cell.lines == ["none"] and nothing.figure["said"] == [("none", "")]
    many = worst._replace(said=[(str(at), 1.0) for at in range(9)])
    assert many.cell.lines[-2:] == ["and 4 more", f"true: {wanted}"]


def test_a_probability_is_not_cut_with_a_long_name() -> None:
    font = ImageFont.load_default(14)
    for name in ("cat", "w" * 500):
        made = _shortened((name, " (98%)"), font)
        assert made.endswith(" (98%)") and font.getlength(made) <= SIDE + GAP
    assert _shortened(("cat", " (98%)"), font) == "cat (98%)"
    assert _shortened("w" * 500, font).endswith("w…")


def test_a_grid_of_predictions_tells_the_true_class_as_reports_do() -> None:
    graph = compile_text(
        "name: n\ninputs: {x: [1, 2, 2]}\nlayers: [flatten, linear: 2]\n", "n"
    ).graph
    examples = {"x": np.zeros((2, 1, 2, 2), np.float32)}
    given = GivenArrays("some", np.arange(2), examples, np.array([1, UNKNOWN]))
    outcome = Classes(graph, given, 2, 1)
    outcome.likely[:] = 0.75
    report = Report(Path(), "cpu", given, None, ["a", "b"], 1, outcome, None, {}, {})
    known, unknown = (_cell(report, at, given.pictures([at])[0], ["a", "b"]) for at in (0, 1))
    assert (known.lines, known.right) == ([("a", " (75%)"), "true: b"], False)
    assert (unknown.lines, unknown.right) == ([("a", " (75%)")], None)
