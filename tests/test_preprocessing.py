"""What steps of preprocessing learn and do, against Keras, scikit-learn and Pillow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from PIL import Image
from pydantic import ValidationError
from sklearn.datasets import load_digits, load_iris, load_sample_images
from sklearn.preprocessing import StandardScaler

from archspec.frontend.train_schema import Data, Step
from archspec.training.data.preprocess_file import learnt_with, write_preprocess
from archspec.training.errors import TrainingError, UnreadableError
from archspec.training.preprocessing import (
    FittedStep,
    Preprocessing,
    apply,
    early_and_late,
    fitted,
    from_json,
    to_json,
    unlearnt,
)


@cache
def _patches() -> torch.Tensor:
    """Returns pieces of photographs, `[252, 3, 24, 24]`, from 0 to 255."""
    images = torch.tensor(np.stack(load_sample_images().images)).permute(0, 3, 1, 2).float()
    pieces = images.unfold(2, 24, 48).unfold(3, 24, 48).permute(0, 2, 3, 1, 4, 5)
    return pieces.reshape(-1, 3, 24, 24)


def _steps(*written: object) -> list[Step]:
    return [Step.model_validate(step) for step in written]


def _fitted(inputs: torch.Tensor, *written: object) -> tuple[FittedStep, ...]:
    return fitted(_steps(*written), partial(_in_batches, inputs, 50))


def _in_batches(inputs: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
    for start in range(0, len(inputs), size):
        yield inputs[start : start + size]


def _by_keras(inputs: torch.Tensor, **options: bool) -> np.ndarray:
    generator = ImageDataGenerator(data_format="channels_first", **options)
    generator.fit(inputs.numpy())
    return np.stack([generator.standardize(image.numpy().copy()) for image in inputs])


@pytest.mark.parametrize("kind", ["featurewise", "samplewise"])
@pytest.mark.parametrize("scale", [True, False])
def test_standardised_images_are_those_of_keras(kind: str, scale: bool) -> None:
    steps = _fitted(_patches(), {"standardize": {"by": kind, "scale": scale}})
    options = {f"{kind}_center": True, f"{kind}_std_normalization": scale}
    expected = _by_keras(_patches(), **options)
    np.testing.assert_allclose(apply(_patches(), steps), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["featurewise", "samplewise"])
def test_a_deviation_may_be_divided_by_without_subtracting_the_mean(kind: str) -> None:
    steps = _fitted(_patches(), {"standardize": {"by": kind, "center": False}})
    axes = (0, 2, 3) if kind == "featurewise" else (1, 2, 3)
    expected = _patches().numpy() / (_patches().numpy().std(axes, keepdims=True) + 1e-6)
    np.testing.assert_allclose(apply(_patches(), steps), expected, rtol=1e-4)


def test_standardised_features_are_those_of_scikit_learn() -> None:
    features = load_iris().data.astype(np.float32)
    made = apply(torch.from_numpy(features), _fitted(torch.from_numpy(features), "standardize"))
    np.testing.assert_allclose(made, StandardScaler().fit_transform(features), rtol=1e-4, atol=1e-5)


def test_statistics_do_not_depend_on_the_size_of_numbers_or_batches() -> None:
    far = 1e4 + torch.randn(3000, 2, generator=torch.Generator().manual_seed(0))
    for size in (1, 7, 3000):
        (step,) = fitted(_steps("standardize"), partial(_in_batches, far, size))
        np.testing.assert_allclose(step.learnt["mean"], far.double().mean(0), rtol=1e-7)
        np.testing.assert_allclose(step.learnt["std"], far.double().std(0, False), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*overrides setting of `featurewise_center`")
def test_whitened_images_are_those_of_keras() -> None:
    # Keras subtracts the mean of a channel only, which is that of each value only if these are
    # equal; and it adds epsilon to the deviations, which matters where one is near 0.
    images = torch.randn(400, 1, 6, 6, generator=torch.Generator().manual_seed(1))
    images = torch.nn.functional.avg_pool2d(images, 3, 1, 1)
    images = images - images.mean(0)
    expected = _by_keras(images, zca_whitening=True)
    made = apply(images, _fitted(images, {"whiten": {"epsilon": 1e-9}}))
    np.testing.assert_allclose(made, expected, atol=2e-3)


def test_whitened_values_are_uncorrelated_and_still_look_like_the_images() -> None:
    images = torch.from_numpy(load_digits().images.astype(np.float32))[:, None]
    made = apply(images, _fitted(images, {"whiten": {"epsilon": 1e-3}})).flatten(1)
    varied = images.flatten(1).var(0) > 0.5
    covariance = np.cov(made[:, varied].T.numpy())
    np.testing.assert_allclose(covariance, np.eye(int(varied.sum())), atol=0.02)
    pairs = zip(made.T[varied], images.flatten(1).T[varied], strict=True)
    assert min(np.corrcoef(a, b)[0, 1] for a, b in pairs) > 0.2
    constant = images.flatten(1).var(0) == 0
    assert constant.any()
    assert made[:, constant].abs().max() < 1e-6


def test_a_step_learns_from_what_the_steps_before_it_make() -> None:
    steps = _fitted(_patches(), {"rescale": 1 / 255}, {"resize": [12, 12]}, "standardize")
    seen = apply(_patches(), steps[:2])
    np.testing.assert_allclose(steps[2].learnt["mean"], seen.mean((0, 2, 3)), rtol=1e-5)
    made = apply(_patches(), steps)
    np.testing.assert_allclose(made.mean((0, 2, 3)), 0, atol=1e-5)


@pytest.mark.parametrize("given", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize(("mode", "wanted"), [("grayscale", "L"), ("rgb", "RGB"), ("rgba", "RGBA")])
def test_colours_are_pillow_s(given: str, mode: str, wanted: str) -> None:
    photo = Image.fromarray(load_sample_images().images[0][:40, :50]).convert(given)
    array = np.atleast_3d(np.asarray(photo)).astype(np.float32).transpose(2, 0, 1)
    images = torch.from_numpy(np.ascontiguousarray(array))[None]
    steps = _fitted(images, {"color_mode": mode})
    expected = np.atleast_3d(np.asarray(photo.convert(wanted))).transpose(2, 0, 1)
    rounding = 0.51 if (given, mode) in (("RGB", "grayscale"), ("RGBA", "grayscale")) else 0
    assert np.abs(apply(images, steps)[0].numpy() - expected).max() <= rounding
    assert steps[0].learnt["channels"] == array.shape[0]


@pytest.mark.parametrize(
    "written",
    [
        [{"rescale": 0.5}, {"resize": {"size": [6, 6], "interpolation": "nearest"}}],
        [{"color_mode": "grayscale"}, "standardize", {"normalize": {"mean": [1], "std": [2]}}],
        [{"standardize": "samplewise"}, {"whiten": {"epsilon": 0.1}}],
    ],
)  # fmt: skip
def test_steps_survive_json_and_a_module_to_the_last_bit(written: list[object]) -> None:
    images = _patches()[:, :, :8, :8].contiguous()
    steps = _fitted(images, *written)
    again = from_json(json.loads(json.dumps(to_json(steps))))
    assert [step.step for step in again] == [step.step for step in steps]
    expected = apply(images, steps)
    assert torch.equal(apply(images, again), expected)
    module = Preprocessing(steps)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(module(images), expected)
    assert not module.state_dict()


def test_a_large_matrix_is_half_as_text() -> None:
    steps = _fitted(torch.randn(50, 100), "whiten")
    written = to_json(steps)[0]["learnt"]
    assert len(written["mean"]) == 100
    assert len(written["matrix"]) == 4 * -(-100 * 101 // 2 * 4 // 3)  # base64 of a triangle
    assert np.array_equal(from_json(to_json(steps))[0].learnt["matrix"], steps[0].learnt["matrix"])


def test_a_spec_s_own_list_is_read_as_steps_that_have_learnt_nothing() -> None:
    written = [{"rescale": 0.5}, {"standardize": "featurewise"}]
    assert from_json(written) == unlearnt(_steps(*written))
    with pytest.raises(TrainingError, match="`standardize` learns from the training examples"):
        apply(_patches(), from_json(written))


@pytest.mark.parametrize(
    "written",
    [
        {"rescale": 1},
        [1],
        [{"blur": 1}],
        [{"rescale": 1, "learnt": {"mean": [1.0]}}],
        [{"rescale": 1, "learnt": 5}],
        [{"color_mode": "rgb", "learnt": {"channels": [7.0]}}],
        [{"color_mode": "rgb", "learnt": {"channels": [3.0, 3.0]}}],
        [{"standardize": {}, "learnt": {"mean": [1e300], "std": [1.0]}}],
        [{"standardize": {}, "learnt": {"mean": [1.0]}}],
        [{"standardize": {}, "learnt": {"mean": [1.0], "std": [1.0, 2.0]}}],
        [{"standardize": {}, "learnt": {"mean": [float("nan")], "std": [1.0]}}],
        [{"whiten": {}, "learnt": {"mean": [1.0, 2.0], "matrix": [1.0, 2.0]}}],
        [{"whiten": {}, "learnt": {"mean": [1.0, 2.0], "matrix": "@@@@"}}],
        [{"whiten": {}, "learnt": {"mean": [1.0, 2.0], "matrix": "AAAA"}}],
    ],
)
def test_what_is_no_list_of_steps_is_refused(written: object) -> None:
    with pytest.raises(ValueError):
        from_json(written)


def test_steps_before_augmentation_make_images_of_images() -> None:
    names = ["color_mode", "rescale", "resize", "standardize", "rescale"]
    written = [
        {"color_mode": "rgb"},
        {"rescale": 1},
        {"resize": [8, 8]},
        "standardize",
        {"rescale": 2},
    ]
    early, late = early_and_late(unlearnt(_steps(*written)))
    assert [step.step.name for step in (*early, *late)] == names
    assert len(early) == 3


@pytest.mark.parametrize(
    ("shape", "written", "message"),
    [
        ((4,), {"color_mode": "rgb"}, "`color_mode` takes images of 1, 3 or 4 channels"),
        ((2, 5, 5), {"color_mode": "rgb"}, "but the examples are 2×5×5"),
        ((4,), {"resize": [2, 2]}, "`resize` takes images"),
        ((3, 40, 40), "whiten", "at most 4,096 values, but these are 3×40×40"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    shape: tuple[int, ...], written: object, message: str
) -> None:
    inputs = torch.ones(5, *shape)
    with pytest.raises(TrainingError, match=message):
        apply(inputs, _fitted(inputs, written))


@pytest.mark.parametrize("written", ["standardize", "whiten"])
def test_examples_of_another_shape_or_none_are_refused(written: str) -> None:
    steps = _fitted(torch.randn(9, 3, 4, 4), written)
    with pytest.raises(TrainingError, match="has learnt from examples of"):
        apply(torch.ones(2, 1, 4, 4), steps)
    with pytest.raises(TrainingError, match="learns from training examples, and there are none"):
        fitted(_steps(written), list)


def test_a_run_keeps_what_was_learnt_beside_its_checkpoints(tmp_path: Path) -> None:
    steps = _fitted(_patches(), "standardize")
    write_preprocess(tmp_path, steps)
    weights = tmp_path / "checkpoints" / "best.ckpt"
    for place in (weights, tmp_path / "weights.safetensors", tmp_path):
        known = learnt_with(_steps("standardize"), place)
        assert torch.equal(apply(_patches(), known), apply(_patches(), steps))
    # Other steps, and no weights, have learnt nothing.
    assert not learnt_with(_steps({"standardize": {"center": False}}), weights)[0].ready
    assert not learnt_with(_steps("standardize"), None)[0].ready


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '[{"standardize": {}, "learnt": {"mean": "?"}}]']
)
def test_a_damaged_file_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "preprocess.json").write_text(text)
    with pytest.raises(UnreadableError, match=r"preprocess\.json is damaged"):
        learnt_with(_steps("standardize"), tmp_path / "weights.ckpt")


def test_colours_come_first() -> None:
    steps: Sequence[object] = [{"rescale": 1}, {"color_mode": "rgb"}]
    with pytest.raises(ValidationError, match="`color_mode` is the first step"):
        Data.model_validate({"dataset": "digits", "preprocess": steps})
