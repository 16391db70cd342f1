"""The shipped filters against SciPy's, on a photograph, and against the notes' worked example."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from predicting import predict
from scipy import ndimage
from sklearn.datasets import load_sample_image

from archspec.cli import main
from archspec.frontend.catalogue import catalogue

PHOTO: np.ndarray = np.ascontiguousarray(load_sample_image("flower.jpg")[150:230, 200:300])
VARIANTS = [entry.variant for entry in catalogue() if entry.spec == "filters"]

# The kernels of https://setosa.io/ev/image-kernels/.
KERNELS = {
    None: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "blur": [[1 / 16, 1 / 8, 1 / 16], [1 / 8, 1 / 4, 1 / 8], [1 / 16, 1 / 8, 1 / 16]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
}


def _sobel(photo: np.ndarray) -> np.ndarray:
    grey = photo @ [0.2989, 0.587, 0.114]
    steep = [np.abs(ndimage.sobel(grey, axis=axis, mode="nearest")) for axis in (0, 1)]
    made: np.ndarray = steep[0] + steep[1]
    return made


def _by_each_channel(filtered: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    channels = [filtered(PHOTO[..., channel].astype(float)) for channel in range(3)]
    return np.stack(channels, axis=-1)


def _expected(variant: str | None) -> np.ndarray:
    if variant == "sobel":
        return _sobel(PHOTO.astype(float))
    if variant == "median":
        return _by_each_channel(lambda channel: ndimage.median_filter(channel, 5, mode="nearest"))
    if variant == "convolution_by_hand":
        kernel = [[0, 1, 0], [1, 0, 1], [1, 1, 0]]
        return _by_each_channel(lambda c: ndimage.correlate(c, np.array(kernel), mode="constant"))
    return _by_each_channel(
        lambda c: ndimage.correlate(c, np.array(KERNELS[variant]), mode="nearest")
    )


def exported(variant: str | None, folder: Path) -> Path:
    model = folder / "model.onnx"
    assert main(["export", variant or "filters", "--onnx", "--no-verify", "-o", str(model)]) == 0
    return model


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_filter_makes_of_a_photograph_what_scipy_makes_of_it(
    variant: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(PHOTO).save(tmp_path / "flower.png")
    model = exported(variant, tmp_path)
    code, _, _ = predict(capsys, model, tmp_path / "flower.png", "-o", tmp_path / "made")
    assert code == 0
    with Image.open(tmp_path / "made" / "flower.png") as made:
        difference = np.asarray(made) - _expected(variant).clip(0, 255)
    assert np.abs(difference).max() <= 0.5 + 1e-3  # pixels are whole numbers


def test_the_convolution_of_the_notes_comes_out_as_they_work_it_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [[1, 3, 3, 0, 0], [0, 3, 1, 0, 0], [0, 0, 2, 1, 1], [0, 0, 3, 0, 1], [3, 2, 1, 3, 0]]
    told = [[4, 8, 4], [5, 5, 6], [8, 5, 9]]  # without the zeros that they put around it
    np.save(tmp_path / "given.npy", np.array([[given] * 3], np.float32))
    model = exported("convolution_by_hand", tmp_path)
    code, _, _ = predict(capsys, model, tmp_path / "given.npy", "-o", tmp_path / "made.npz")
    assert code == 0
    assert np.load(tmp_path / "made.npz")["filtered"][0, :, 1:-1, 1:-1].tolist() == [told] * 3
