"""Augmentation of training batches, against Keras, SciPy's laws of chance and the papers."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from keras.src.legacy.preprocessing import image as keras_image
from scipy import stats
from sklearn.datasets import load_sample_images
from torch.nn.functional import cross_entropy

from archspec.cli import main
from archspec.frontend.train_schema import Augment, Data
from archspec.ir.types import TensorType
from archspec.training.augmentation import Augmentation
from archspec.training.augmentation.of_data import augmentation_of
from archspec.training.augmentation.warp import Motion, warped
from archspec.training.data.dataset import load

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
EVERYTHING = {
    "rotation_range": 20, "width_shift_range": 0.1, "height_shift_range": 2.0, "shear_range": 10,
    "zoom_range": 0.2, "horizontal_flip": True, "vertical_flip": True, "crop_padding": 2,
    "brightness_range": [0.8, 1.2], "channel_shift_range": 10, "cutout": 5, "mixup": 0.4,
    "cutmix": 1.0,
}  # fmt: skip


@cache
def _photos(height: int = 48, width: int = 48) -> torch.Tensor:
    """Returns pieces of two photographs, `[2, 3, height, width]`, from 0 to 255."""
    pieces = [image[100 : 100 + height, 200 : 200 + width] for image in load_sample_images().images]
    return torch.tensor(np.stack(pieces)).permute(0, 3, 1, 2).float().contiguous()


def _changed(
    spec: dict[str, object], *batch: torch.Tensor, classes: int = 0, seed: int = 0
) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(seed)
    made: tuple[torch.Tensor, ...] = Augmentation(Augment.model_validate(spec), classes=classes)(
        *batch
    )
    return made


def _copies(image: torch.Tensor, count: int) -> torch.Tensor:
    return image.expand(count, *image.shape)


def _require_uniform(values: torch.Tensor, low: float, high: float) -> None:
    assert low <= float(values.min()) <= float(values.max()) <= high
    assert stats.kstest(values.double().numpy(), stats.uniform(low, high - low).cdf).pvalue > 1e-3


@pytest.mark.filterwarnings("ignore:Please import `affine_transform`")
@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_motions_are_those_of_keras(fill_mode: str, interpolation: str) -> None:
    generator = np.random.default_rng(0)
    photos = _photos()
    differing = []
    for _ in range(10):
        theta, shear = generator.uniform(-60, 60), generator.uniform(-40, 40)
        right, down, wide, high = *generator.uniform(-60, 60, 2), *generator.uniform(0.5, 1.6, 2)
        drawn = (math.radians(theta), right, down, math.radians(shear), wide, high)
        motion = Motion(*(torch.full((len(photos),), value) for value in drawn))
        made = warped(photos, motion, fill_mode, 7.0, interpolation)
        for photo, image in zip(photos, made, strict=True):
            # Keras calls what goes to the right x, also where it is drawn for the height.
            expected = keras_image.apply_affine_transform(
                photo.numpy().copy(), theta, right, down, shear, wide, high, 1, 2, 0,
                fill_mode=fill_mode, cval=7.0, order=int(interpolation == "bilinear"),
            )  # fmt: skip
            differing.append(np.mean(np.abs(image.numpy() - expected) > 0.05))
    assert max(differing) < 1e-3  # a few pixels on an edge, where rounding decides


def test_images_that_are_not_square_turn_about_their_middle() -> None:
    photos = _photos(20, 30)
    half_turn = Motion(*(torch.full((2,), v) for v in (math.pi, 0.0, 0.0, 0.0, 1.0, 1.0)))
    made = warped(photos, half_turn, "nearest", 0, "bilinear")
    torch.testing.assert_close(made, photos.flip(-1, -2), rtol=0, atol=0.05)


@pytest.mark.parametrize(
    ("spec", "name", "limits"),
    [
        ({"rotation_range": 30}, "angle", (-math.pi / 6, math.pi / 6)),
        ({"width_shift_range": 0.25}, "right", (-7.5, 7.5)),
        ({"width_shift_range": 4}, "right", (-4, 4)),
        ({"height_shift_range": 0.25}, "down", (-5, 5)),
        ({"shear_range": 45}, "shear", (-math.pi / 4, math.pi / 4)),
        ({"zoom_range": 0.2}, "wide", (0.8, 1.2)),
        ({"zoom_range": [0.5, 0.9]}, "high", (0.5, 0.9)),
    ],
)
def test_motions_are_drawn_evenly_from_their_ranges(
    spec: dict[str, object], name: str, limits: tuple[float, float]
) -> None:
    torch.manual_seed(0)
    images = torch.zeros(2000, 1, 20, 30)
    motion = Motion.drawn(Augment.model_validate(spec), images)
    assert motion is not None
    _require_uniform(getattr(motion, name), *limits)
    still = {"angle": 0.0, "right": 0.0, "down": 0.0, "shear": 0.0, "wide": 1.0, "high": 1.0}
    zoomed = {"wide", "high"} if "zoom_range" in spec else set()
    for other in still.keys() - zoomed - {name}:
        assert (getattr(motion, other) == still[other]).all()


def test_a_shift_goes_where_its_name_says() -> None:
    dot = torch.zeros(200, 1, 21, 21)
    dot[:, :, 10, 10] = 1
    fills: dict[str, object] = {"fill_mode": "constant", "interpolation": "nearest"}
    (across,) = _changed({"width_shift_range": 5, **fills}, dot)
    (down,) = _changed({"height_shift_range": 5, **fills}, dot)
    assert across[:, 0, 10].sum(0).nonzero().flatten().tolist() == [*range(5, 16)]
    assert across.sum() == across[:, :, 10].sum() == 200
    assert down[:, 0, :, 10].sum(0).nonzero().flatten().tolist() == [*range(5, 16)]


@pytest.mark.parametrize(("name", "dim"), [("horizontal_flip", -1), ("vertical_flip", -2)])
def test_half_of_the_images_are_flipped(name: str, dim: int) -> None:
    photo = _photos()[0]
    (made,) = _changed({name: True}, _copies(photo, 1000))
    same = (made == photo).flatten(1).all(1)
    assert ((made == photo.flip(dim)).flatten(1).all(1) ^ same).all()
    assert stats.binomtest(int(same.sum()), 1000).pvalue > 1e-3


def test_brightness_is_that_of_keras_and_drawn_evenly() -> None:
    photo = _photos()[0]
    (made,) = _changed({"brightness_range": [0.5, 1.5]}, _copies(photo, 500))
    dark = (photo > 0) & (photo < 150)
    factors = (made / photo)[:, dark].mean(1)
    _require_uniform(factors, 0.5 - 1e-3, 1.5 + 1e-3)
    for image, factor in zip(made[:20], factors.tolist(), strict=False):
        expected = keras_image.apply_brightness_shift(
            photo.permute(1, 2, 0).numpy(), factor, scale=False
        )
        # Keras cuts off what is behind the decimal point.
        assert np.abs(image.permute(1, 2, 0).numpy() - expected).max() <= 1.01


def test_white_is_the_largest_value_of_the_training_split() -> None:
    spec = Data.model_validate({"dataset": "digits", "augment": {"brightness_range": [3, 3]}})
    data = load(spec, TensorType.of_example((1, 8, 8)))
    assert spec.augment is not None
    images = data.splits["train"].early(range(50))
    (made,) = augmentation_of(data, spec.augment, classes=10)(images)
    assert torch.equal(made, (3 * images).clamp(max=16))


def test_channel_shifts_are_those_of_keras_and_drawn_evenly() -> None:
    photo = _photos()[0] * 0.5 + 60  # so that something is left above and below
    (made,) = _changed({"channel_shift_range": 20}, _copies(photo, 500))
    middle = ((photo - photo.min() > 25) & (photo.max() - photo > 25)).nonzero()[0]
    amounts = made[(slice(None), *middle)] - photo[tuple(middle)]
    _require_uniform(amounts, -20, 20)
    for image, amount in zip(made[:20], amounts.tolist(), strict=False):
        expected = keras_image.apply_channel_shift(photo.numpy(), amount)
        np.testing.assert_allclose(image, expected, atol=1e-4)


def test_all_crops_are_equally_likely_and_have_zeros_around() -> None:
    image = torch.arange(1.0, 26).reshape(1, 5, 5)
    (made,) = _changed({"crop_padding": 2}, _copies(image, 5000))
    padded = torch.nn.functional.pad(image, (2, 2, 2, 2))
    places = [(top, left) for top in range(5) for left in range(5)]
    seen = [
        int((made == padded[:, top : top + 5, left : left + 5]).flatten(1).all(1).sum())
        for top, left in places
    ]
    assert sum(seen) == 5000
    assert stats.chisquare(seen).pvalue > 1e-3


@pytest.mark.parametrize("side", [3, 4])
def test_a_square_about_any_pixel_is_cut_out(side: int) -> None:
    (made,) = _changed({"cutout": side}, torch.ones(4000, 2, 8, 10))
    holes = made[:, 0] == 0
    assert torch.equal(holes, made[:, 1] == 0)
    bottom = (holes.any(2) * torch.arange(1, 9)).amax(1) - 1
    right = (holes.any(1) * torch.arange(1, 11)).amax(1) - 1
    assert int(holes.flatten(1).sum(1).max()) == side**2
    # Away from the edges, the place of the hole tells the pixel that was drawn.
    inner = (bottom < 7) & (right < 9)
    after = side - 1 - side // 2
    rows = torch.bincount(bottom[inner] - after, minlength=1)
    assert stats.chisquare(rows[: 7 - after]).pvalue > 1e-3
    assert bool(inner.any())


def _pairs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns images that are all of one value each, and the numbers of their classes."""
    numbers = torch.arange(count)
    return numbers.float().reshape(-1, 1, 1, 1).expand(-1, 1, 16, 16), numbers


def test_mixup_blends_pairs_and_their_classes_alike() -> None:
    images, numbers = _pairs(2000)
    made, targets = _changed({"mixup": 0.4}, images, numbers, classes=2000)
    assert torch.equal(made, made[:, :, :1, :1].expand_as(made))
    torch.testing.assert_close(targets.sum(1), torch.ones(2000))
    torch.testing.assert_close(targets @ numbers.float(), made[:, 0, 0, 0], rtol=1e-4, atol=0.1)
    own = targets[numbers, numbers]
    mixed = own < 1
    assert mixed.float().mean() > 0.95
    assert stats.kstest(own[mixed].numpy(), stats.beta(0.4, 0.4).cdf).pvalue > 1e-3


def test_cutmix_swaps_rectangles_and_mixes_classes_by_their_area() -> None:
    images, numbers = _pairs(2000)
    made, targets = _changed({"cutmix": 1.0}, images, numbers, classes=2000)
    foreign = made[:, 0] != images[:, 0]
    own = 1 - foreign.float().mean((1, 2))
    torch.testing.assert_close(targets[numbers, numbers], own)
    rectangles = foreign.any(1).sum(1) * foreign.any(2).sum(1)
    assert torch.equal(rectangles, foreign.sum((1, 2)))
    assert len(torch.unique(made.flatten(1), dim=0)) > 1000


def test_the_sides_of_cutmix_rectangles_are_those_of_the_paper() -> None:
    images, numbers = _pairs(1000)
    made, _ = _changed({"cutmix": 1e6}, images, numbers, classes=1000)  # so that λ is 1/2
    foreign = made[:, 0] != images[:, 0]
    inner = ~(foreign[:, [0, -1]].any((1, 2)) | foreign[:, :, [0, -1]].any(dim=(1, 2)))
    sides = torch.cat([foreign[inner].any(dim).sum(1) for dim in (1, 2)])
    assert {*sides.tolist()} == {11, 12}  # 16 / √2 is 11.3
    assert int(inner.sum()) > 20


def test_a_loss_of_mixed_targets_is_that_of_both_by_their_own_weights() -> None:
    torch.manual_seed(0)
    scores, numbers = torch.randn(8, 3), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    of_classes = torch.tensor([1.0, 2.0, 5.0])
    images, _ = _pairs(8)
    made, targets, weights = _changed(
        {"mixup": 1.0}, images, numbers, of_classes[numbers], classes=3
    )
    _, plain = _changed({"mixup": 1.0}, images, numbers, classes=3)
    each = cross_entropy(scores, targets, reduction="none") * weights
    expected = cross_entropy(scores, plain, weight=of_classes, reduction="none")
    torch.testing.assert_close(each, expected)
    assert not torch.equal(made, images)


def test_values_are_mixed_as_they_are() -> None:
    images, numbers = _pairs(50)
    for values in (numbers.float(), numbers):
        made, mixed = _changed({"mixup": 1.0}, images, values.reshape(-1, 1))
        torch.testing.assert_close(mixed[:, 0], made[:, 0, 0, 0])
    features = torch.randn(20, 4)
    blended, _ = _changed({"mixup": 1.0}, features, features)
    assert blended.shape == features.shape


@pytest.mark.parametrize("device", DEVICES)
def test_images_come_from_the_seed_on_the_device_where_they_are(device: str) -> None:
    images = _photos().repeat(8, 1, 1, 1).to(device)
    numbers = torch.arange(16, device=device) % 4
    weights = torch.rand(16, device=device)
    before = images.clone()
    made = _changed(EVERYTHING, images, numbers, weights, classes=4)
    again = _changed(EVERYTHING, images, numbers, weights, classes=4)
    other = _changed(EVERYTHING, images, numbers, weights, classes=4, seed=1)
    assert [tensor.device.type for tensor in made] == [device] * 3
    assert [tuple(tensor.shape) for tensor in made] == [(16, 3, 48, 48), (16, 4), (16,)]
    assert all(torch.equal(a, b) for a, b in zip(made, again, strict=True))
    assert not torch.equal(made[0], other[0])
    assert torch.equal(images, before)
    assert len(torch.unique(made[0][::2], dim=0)) == 8  # each drawn for itself


def test_lower_precision_of_the_network_moves_no_pixel() -> None:
    numbers = torch.tensor([1, 0])
    expected = _changed(EVERYTHING, _photos(), numbers, classes=2)
    with torch.autocast("cpu", torch.bfloat16):
        made = _changed(EVERYTHING, _photos(), numbers, classes=2)
    assert all(torch.equal(a, b) for a, b in zip(made, expected, strict=True))


def test_nothing_is_done_unless_it_is_asked_for() -> None:
    numbers = torch.tensor([1, 0])
    images, targets = _changed({}, _photos(), numbers, classes=2)
    assert torch.equal(images, _photos())
    assert torch.equal(targets, numbers)


@pytest.mark.parametrize(
    ("spec", "wrong", "message"),
    [
        (
            """\
inputs: {x: [4]}
layers: [linear: 3]
train: {epochs: 1, data: {dataset: iris, AUG}}
""",
            "zoom_range: 0.1",
            "`augment` has zoom_range, which is for images, but the examples are 4",
        ),
        (
            """\
inputs: {x: {shape: [1, 8, 8], dtype: int64}}
layers: [flatten, embedding: {num_embeddings: 17, embedding_dim: 2}, flatten, linear: 2]
train: {epochs: 1, data: {npz: data.npz, AUG}}
""",
            "mixup: 0.1",
            "`augment` changes measurements, but the network takes whole numbers",
        ),
        *(
            (
                """\
inputs: {x: [1, 8, 8]}
layers: [flatten, linear: 10]
train: {epochs: 1, data: {dataset: digits, AUG}}
""",
                wrong,
                f"`augment` has {wrong}, which can leave nothing of images of 8×8",
            )
            for wrong in ("cutout: 16", "crop_padding: 8")
        ),
    ],
)
def test_what_cannot_be_augmented_is_refused_before_a_run_is_made(
    spec: str, wrong: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "data.npz", x=np.ones((20, 1, 8, 8), np.int64), y=np.arange(20) % 2)
    written = spec.replace("AUG", f"augment: {{{wrong}}}")
    (tmp_path / "spec.yaml").write_text(f"name: refused\n{written}")
    assert main(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert "spec.yaml:4:" in told
    assert not (tmp_path / "run").exists()
