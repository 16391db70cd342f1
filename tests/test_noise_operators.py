"""What changes in training mode only, against SciPy, Keras and the definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from modules import Fields, module, operator, picture, trained
from scipy import ndimage

from archspec.ir.types import TensorType

AUGMENTATIONS: dict[str, Fields] = {
    "random_flip": {},
    "random_rotation": {"factor": 0.1},
    "random_zoom": {"height_factor": 0.3},
    "random_shear": {"x_factor": 0.3},
    "random_translation": {"height_factor": 0.2, "width_factor": 0.2},
    "random_contrast": {"factor": 0.5},
    "random_brightness": {"factor": 0.2},
}
NOISES = AUGMENTATIONS | {
    "dropout": {},
    "dropout2d": {},
    "alpha_dropout": {},
    "drop_path": {"p": 0.5},
    "gaussian_noise": {"stddev": 0.1},
}
SCIPY_MODES = {
    "reflect": "reflect",
    "wrap": "grid-wrap",
    "constant": "grid-constant",
    "nearest": "nearest",
}


def copies(count: int, image: torch.Tensor) -> torch.Tensor:
    return image.expand(count, *image.shape)


@pytest.mark.parametrize("kind", NOISES)
def test_noise_is_new_for_each_example_and_comes_from_the_seed(kind: str) -> None:
    inputs = copies(32, picture())
    made = trained(kind, NOISES[kind], inputs)
    assert made.shape == inputs.shape
    assert len(torch.unique(made, dim=0)) > 1
    assert not torch.equal(made, inputs)
    assert torch.equal(made, trained(kind, NOISES[kind], inputs))
    assert not torch.equal(made, trained(kind, NOISES[kind], inputs, seed=1))


@pytest.mark.parametrize("kind", NOISES)
def test_noise_is_absent_from_evaluation(kind: str) -> None:
    image = picture()
    assert torch.equal(module(kind, NOISES[kind], image).eval()(image[None])[0], image)
    assert operator(kind, NOISES[kind]).onnx(TensorType.of_example(tuple(image.shape))) == []


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_augmentation_keeps_the_range_of_values(kind: str) -> None:
    made = trained(kind, AUGMENTATIONS[kind], copies(64, picture()))
    assert made.min() >= -1e-3
    assert made.max() <= 255 + 1e-3


@pytest.mark.parametrize(
    ("mode", "flips"),
    [
        ("horizontal", [(), (-1,)]),
        ("vertical", [(), (-2,)]),
        ("horizontal_and_vertical", [(), (-1,), (-2,), (-1, -2)]),
    ],
)
def test_all_flips_are_equally_likely(mode: str, flips: list[tuple[int, ...]]) -> None:
    image, count = picture(4, 5), 4000
    made = trained("random_flip", {"mode": mode}, copies(count, image))
    seen = [int((made == image.flip(dims)).all(dim=(1, 2, 3)).sum()) for dims in flips]
    assert sum(seen) == count
    assert all(abs(n / count - 1 / len(flips)) < 0.04 for n in seen)


def test_a_quarter_turn_is_anticlockwise() -> None:
    image = picture(7, 7)
    made = trained("random_rotation", {"factor": (0.25, 0.25)}, image[None])[0]
    torch.testing.assert_close(made, torch.rot90(image, 1, (1, 2)), rtol=0, atol=1e-2)


def test_angles_are_spread_over_the_range() -> None:
    dot = torch.zeros(1, 101, 101)
    dot[0, 50, 75:86] = 1.0  # to the right of the centre, so at the angle 0
    made = trained("random_rotation", {"factor": (0.0, 0.25)}, copies(400, dot))[:, 0]
    rows, columns = (torch.arange(101.0) - 50).expand(101, 101).T, torch.arange(101.0) - 50
    angles = torch.atan2(-(made * rows).sum((1, 2)), (made * columns).sum((1, 2))) / (2 * math.pi)
    counts = torch.histc(angles, 5, 0.0, 0.25)
    assert counts.sum() >= 398
    assert counts.min() > 50


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize(
    ("kind", "fields", "matrix", "offset"),
    [
        (
            "random_rotation",
            {"factor": (0.07, 0.07)},
            [
                [math.cos(0.14 * math.pi), math.sin(0.14 * math.pi)],
                [-math.sin(0.14 * math.pi), math.cos(0.14 * math.pi)],
            ],
            [0.0, 0.0],
        ),
        (
            "random_zoom",
            {"height_factor": (0.27, 0.27), "width_factor": (-0.17, -0.17)},
            [[1.27, 0.0], [0.0, 0.83]],
            [0.0, 0.0],
        ),
        (
            "random_shear",
            {"x_factor": (0.31, 0.31), "y_factor": (-0.13, -0.13)},
            [[1.0, -0.13], [0.31, 1.0]],
            [0.0, 0.0],
        ),
        (
            "random_translation",
            {"height_factor": (0.23, 0.23), "width_factor": (-0.11, -0.11)},
            [[1.0, 0.0], [0.0, 1.0]],
            [-0.23 * 10, 0.11 * 12],
        ),
    ],
)
def test_motions_are_scipy_s(
    kind: str,
    fields: Fields,
    matrix: list[list[float]],
    offset: list[float],
    fill_mode: str,
    interpolation: str,
) -> None:
    image = picture(10, 12, 1)
    filling = {"fill_mode": fill_mode, "fill_value": 60.0, "interpolation": interpolation}
    made = trained(kind, {**fields, **filling}, image[None])[0, 0]
    centre = np.array([4.5, 5.5])
    expected = ndimage.affine_transform(
        image[0].double().numpy(),
        np.array(matrix),
        centre - np.array(matrix) @ centre + np.array(offset),
        order=1 if interpolation == "bilinear" else 0,
        mode=SCIPY_MODES[fill_mode],
        cval=60.0,
    )
    np.testing.assert_allclose(made.numpy(), expected, atol=2e-2)


@pytest.mark.parametrize(
    ("kind", "layer", "fields"),
    [
        ("random_rotation", "RandomRotation", {"factor": (0.07, 0.07)}),
        ("random_zoom", "RandomZoom", {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2)}),
        ("random_zoom", "RandomZoom", {"height_factor": (-0.3, -0.3)}),
        (
            "random_translation",
            "RandomTranslation",
            {"height_factor": (0.2, 0.2), "width_factor": (-0.1, -0.1)},
        ),
        ("random_brightness", "RandomBrightness", {"factor": (0.2, 0.2)}),
    ],
)
def test_factors_mean_what_they_mean_in_keras(kind: str, layer: str, fields: Fields) -> None:
    import keras

    moving = {} if kind == "random_brightness" else {"fill_mode": "nearest"}
    options = {} if kind == "random_brightness" else {"data_format": "channels_first"}
    image = picture()
    made = trained(kind, {**fields, **moving}, image[None])
    theirs = getattr(keras.layers, layer)(**fields, **moving, **options)
    np.testing.assert_allclose(made.numpy(), theirs(image[None], training=True), atol=2e-2)


def test_zoom_by_one_factor_keeps_the_proportions() -> None:
    rows = torch.arange(9.0).expand(9, 9).T
    made = trained(
        "random_zoom", {"height_factor": (-0.5, 0.0)}, copies(8, torch.stack([rows, rows.T]))
    )
    torch.testing.assert_close(made[:, 0], made[:, 1].transpose(1, 2))


def test_contrast_is_about_the_mean_of_each_channel() -> None:
    image = 0.4 * picture(6, 5) + 80
    made = trained("random_contrast", {"factor": (0.5, 0.25)}, copies(500, image))
    mean = image.mean((1, 2), keepdim=True)
    contrast = ((made - mean) / (image - mean)).flatten(1)
    torch.testing.assert_close(contrast, contrast[:, :1].expand_as(contrast), rtol=1e-2, atol=1e-2)
    low, high = contrast.median(1).values.aminmax()
    assert 0.5 <= low < 0.53
    assert 1.22 < high <= 1.25 + 1e-4


def test_changes_of_colour_are_cut_off_at_the_range() -> None:
    image = picture(6, 5, 1) / 255
    bright = trained(
        "random_brightness", {"factor": (0.9, 1.0), "value_range": (0, 1)}, image[None]
    )
    assert bright.max() == 1.0
    assert bright.min() >= 0.9
    stark = trained(
        "random_contrast", {"factor": (0.0, 1.0), "value_range": (0.4, 0.6)}, image[None]
    )
    torch.testing.assert_close((stark.min(), stark.max()), (torch.tensor(0.4), torch.tensor(0.6)))


def test_random_crops_are_all_windows_and_the_central_one_in_evaluation() -> None:
    image = picture(5, 6)
    layer = module("random_crop", {"height": 3, "width": 4}, image)
    torch.manual_seed(0)
    made = layer(copies(200, image))
    windows = {(i, j): image[:, i : i + 3, j : j + 4] for i in range(3) for j in range(3)}
    seen = [[key for key, window in windows.items() if torch.equal(window, m)] for m in made]
    assert {key for keys in seen for key in keys} == {*windows}
    assert torch.equal(layer.eval()(image[None])[0], windows[1, 1])
    with pytest.raises(ValueError, match="images of 2×9 are smaller than the crop, 3×4"):
        layer(torch.zeros(1, 3, 2, 9))


def test_drop_path_drops_whole_examples_and_keeps_the_expectation() -> None:
    inputs = torch.full((4000, 2, 3), 5.0)
    made = trained("drop_path", {"p": 0.25}, inputs)
    values = made.flatten(1)
    assert torch.equal(values, values[:, :1].expand_as(values))
    torch.testing.assert_close(torch.unique(made), torch.tensor([0.0, 5.0 / 0.75]))
    assert abs(float(made.mean()) - 5.0) < 0.15
    assert torch.equal(trained("drop_path", {"p": 0.0}, inputs), inputs)
    assert not trained("drop_path", {"p": 1.0}, inputs).any()


@pytest.mark.parametrize(("kind", "rank"), [("dropout1d", 1), ("dropout2d", 2), ("dropout3d", 3)])
def test_channel_dropout_drops_whole_channels(kind: str, rank: int) -> None:
    made = trained(kind, {"p": 0.25}, torch.ones(500, 4, *(3,) * rank)).flatten(2)
    assert torch.equal(made, made[..., :1].expand_as(made))
    dropped = made[..., 0] == 0
    assert abs(float(dropped.float().mean()) - 0.25) < 0.04
    assert len(torch.unique(dropped, dim=0)) == 16


def test_gaussian_noise_has_the_given_deviation() -> None:
    made = trained("gaussian_noise", {"stddev": 0.5}, torch.full((10, 1000), 3.0))
    assert abs(float(made.mean()) - 3) < 0.03
    assert abs(float(made.std()) - 0.5) < 0.02
