"""The grid of images with predictions: right ones green, wrong ones red, letters of any script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from predicting import exported, predict

from archspec.training.prediction import fonts
from archspec.training.prediction.fonts import font_for, lacking
from archspec.training.prediction.picture_grid import GREEN, RED, SIDE, Cell, write_grid

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
    write_grid(path, cells)
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
    assert lacking("sepal length 5%") == ""
    if lacking("고양이 cat"):
        pytest.skip("no font here has Korean letters")
    font = font_for("고양이 cat", 14)
    assert len({bytes(font.getmask(letter)) for letter in "고양이"}) == 3


@pytest.fixture
def no_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without fonts, but for the one of Pillow."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_DATA_DIRS"):
        monkeypatch.setenv(name, str(tmp_path))
    caches = (fonts._best, fonts._font, fonts._installed)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def test_letters_that_no_font_has_are_told(
    no_fonts: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lacking("고양이 cat") == "고양이"
    model = exported(tmp_path, DIGITS)
    props = onnx.load(model)
    (classes,) = (prop for prop in props.metadata_props if prop.key == "archspec.classes")
    for names in (["넷"] * 10, list("0123456789")):
        classes.value = json.dumps(names)
        onnx.save(props, tmp_path / "named.onnx")
        grid = tmp_path / f"{names[0]}.png"
        code, _, err = predict(capsys, tmp_path / "named.onnx", "--grid", grid, "--limit", 2)
        told = "note: no font here has the letters 넷, so the grid has numbers of classes" in err
        assert (code, told) == (0, names[0] == "넷")


def test_any_font_that_is_installed_is_found(no_fonts: None, tmp_path: Path) -> None:
    found = sorted(Path("/usr/share/fonts").rglob("Nanum*.ttf"))
    if not found:
        pytest.skip("no font here has Korean letters")
    (tmp_path / "fonts" / "deep").mkdir(parents=True)
    (tmp_path / "fonts" / "broken.ttf").write_bytes(b"no font")
    (tmp_path / "fonts" / "deep" / "mine.TTF").write_bytes(found[0].read_bytes())
    assert lacking("고양이") == ""


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
