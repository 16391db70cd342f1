"""The grid of images with predictions: right ones green, wrong ones red, letters of any script."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from predicting import exported, predict

from archspec.training import fonts
from archspec.training.fonts import font_for
from archspec.training.picture_grid import GREEN, RED, SIDE, Cell, write_grid

DIGITS = """
name: digits
inputs: {image: [1, 8, 8]}
layers: [flatten, linear: {out_features: 10}]
train: {data: {dataset: digits}, epochs: 1}
"""

BLUE = Image.new("RGB", (8, 4), (0, 0, 255))


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    return {tuple(pixel) for pixel in np.asarray(image).reshape(-1, 3).tolist()}


def test_each_image_stands_above_its_text(tmp_path: Path) -> None:
    path = tmp_path / "grid.png"
    cells = [Cell(BLUE, ["cat 90%", "truth: cat"], True), Cell(BLUE, ["dog"], False)]
    assert write_grid(path, cells) == ""
    grid = Image.open(path).convert("RGB")
    half = grid.width // 2
    left, right = grid.crop((0, 0, half, grid.height)), grid.crop((half, 0, *grid.size))
    assert GREEN in colours(left) and RED not in colours(left)
    assert RED in colours(right) and GREEN not in colours(right)
    for part in (left, right):
        pixels = np.asarray(part)
        blue = (pixels == [0, 0, 255]).all(-1)
        assert blue.sum() == SIDE * SIDE // 2  # twice as wide as high, as the image is
        text = np.abs(pixels.astype(int) - 255).sum(-1) * ~blue > 0
        assert np.nonzero(blue)[0].max() < np.nonzero(text)[0].min()


def test_long_texts_are_shortened_to_their_image(tmp_path: Path) -> None:
    path = tmp_path / "grid.png"
    write_grid(path, [Cell(BLUE, ["w" * 500], None), Cell(BLUE, [""], None)])
    pixels = np.asarray(Image.open(path).convert("L"))
    below = pixels[SIDE + 20 :] < 128
    assert below[:, : pixels.shape[1] // 2].any()
    assert not below[:, pixels.shape[1] // 2 + 12 :].any()


def test_korean_letters_are_drawn_where_a_font_has_them() -> None:
    assert font_for("sepal length 5%", 14)[1] == ""
    font, missing = font_for("고양이 cat", 14)
    if missing:
        pytest.skip("no font here has Korean letters")
    assert len({bytes(font.getmask(letter)) for letter in "고양이"}) == 3


def test_letters_that_no_font_has_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fonts, "NAMES", ("no such font.ttf",))
    assert font_for("고양이 cat", 14)[1] == "고양이"
    model = exported(tmp_path, DIGITS)
    props = onnx.load(model)
    props.metadata_props.add(key="archspec.classes", value=json.dumps(["넷"] * 10))
    onnx.save(props, model)
    code, _, err = predict(capsys, model, "--grid", tmp_path / "grid.png")
    assert (code, "note: no font here has the letters 넷; install one" in err) == (0, True)


def test_a_grid_shows_the_first_examples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = exported(tmp_path, DIGITS)
    for limit, number, columns in ((None, 16, 4), (5, 5, 3), (1, 1, 1)):
        options = [] if limit is None else ["--limit", limit]
        code, out, _ = predict(capsys, model, "--grid", tmp_path / "grid.png", *options)
        told = f"{tmp_path / 'grid.png'}: a grid of {number} image{'s' * (number > 1)}"
        assert (code, out.splitlines()[-1]) == (0, told)
        with Image.open(tmp_path / "grid.png") as grid:
            assert grid.width == 12 + columns * (SIDE + 12)
    iris = exported(
        tmp_path, "name: iris\ninputs: {x: [4]}\nlayers: [linear: 3]\n"
        "train: {data: {dataset: iris}, epochs: 1}\n"
    )  # fmt: skip
    code, out, err = predict(capsys, iris, "--grid", tmp_path / "none.png")
    assert (code, out, "the examples are none" in err) == (1, "", True)
    assert not (tmp_path / "none.png").exists()
