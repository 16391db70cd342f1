"""What a model says of itself beside its spec, and what `archspec predict` makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from predicting import pets_model, picture, predict


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pets_model(tmp_path_factory.mktemp("pets"))


def test_labels_of_the_model_come_before_those_of_the_spec(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(pets)
    model.metadata_props.add(key="archspec.classes", value='["cat", "dog", "rabbit"]')
    onnx.save(model, tmp_path / "english.onnx")
    image = picture(tmp_path / "x.png", 1)
    made = json.loads(predict(capsys, tmp_path / "english.onnx", image, "--format", "json").out)
    assert made["predictions"][0]["prediction"] == "dog"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("archspec.classes", '["cat", "dog", "rabbit"]',
         "are cat, dog, rabbit, but the classes of its spec 고양이, 강아지, 토끼; the former are"),
        ("archspec.classes", '["cat"]', "there are names for 1 class, but scores for 3"),
        ("archspec.classes", "cat, dog", "`archspec.classes` is no list of names"),
        ("archspec.preprocess", "{", "`archspec.preprocess` is not understood; that of its spec"),
        ("archspec.preprocess", '[{"blur": 1}]', "`archspec.preprocess` is not understood"),
    ],
)  # fmt: skip
def test_what_a_model_says_of_itself_and_its_spec_does_not_is_told(
    key: str, value: str, message: str, pets: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    image = picture(tmp_path / "x.png", 1)
    assert "archspec." not in predict(capsys, pets, image).err
    code, _, err = predict(capsys, _saying(key, value, pets, tmp_path), image)
    assert (code, message in err) == (0, True)


def test_other_preprocessing_than_the_spec_s_is_refused(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = picture(tmp_path / "x.png", 1)
    for value, code in (('[{"rescale": 0.5}]', 1), ('[]', 1),
                        ('[{"rescale": 0.00392156862745098}]', 0)):  # fmt: skip
        made = predict(capsys, _saying("archspec.preprocess", value, pets, tmp_path), image)
        told = "`archspec.preprocess` is not the preprocessing of its spec" in made.err
        assert (made.code, told) == (code, bool(code))


def _saying(key: str, value: str, model: Path, folder: Path) -> Path:
    """Returns a model that says something else of itself."""
    changed = onnx.load(model)
    for prop in changed.metadata_props:
        if prop.key == key:
            prop.value = value
    onnx.save(changed, folder / "changed.onnx")
    return folder / "changed.onnx"
