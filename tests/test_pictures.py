"""Pictures as examples: read, prepared as training prepares arrays, and made of outputs."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms
from sklearn.datasets import load_digits, load_sample_image

from archspec.backends.fitted_step import FittedStep, unlearnt
from archspec.frontend.train_schema import Data, Step
from archspec.ir.dim import Dim
from archspec.ir.types import TensorType
from archspec.training.data.dataset import load_file
from archspec.training.errors import TrainingError, UnreadableError
from archspec.training.prediction.picture_colours import plain
from archspec.training.prediction.picture_files import (
    ANIMATED,
    PictureFile,
    picture_files,
    read_picture,
)
from archspec.training.prediction.pictures import Preparation

PHOTO: np.ndarray = np.ascontiguousarray(load_sample_image("china.jpg")[:90, :120])
STEPS = [
    Step.model_validate(step)
    for step in (
        {"rescale": 1 / 255},
        {"resize": {"size": [32, 40], "interpolation": "bicubic"}},
        {"normalize": {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.4]}},
    )
]
COLOURS = TensorType.of_example((3, 32, 40))


def file_of(path: Path) -> PictureFile:
    (file,) = picture_files(path)
    return file


def saved(path: Path, array: np.ndarray, exif: Image.Exif | None = None) -> PictureFile:
    Image.fromarray(array).save(path, exif=exif or Image.Exif())
    return file_of(path)


def test_a_picture_becomes_what_the_same_array_becomes_in_training(tmp_path: Path) -> None:
    file = saved(tmp_path / "photo.png", PHOTO)
    np.savez(tmp_path / "photo.npz", x=PHOTO[None], y=[0])
    section = Data(npz="photo.npz", channels_last=True, preprocess=STEPS, classes=["yes", "no"])
    trained = load_file(tmp_path / "photo.npz", section, COLOURS, 2).splits["file"].inputs
    made = Preparation(COLOURS, unlearnt(STEPS)).example(read_picture(file))
    assert made.dtype == np.float32
    assert torch.equal(torch.from_numpy(made), trained[0])


def test_digits_as_pictures_are_the_digits_of_the_data_set(tmp_path: Path) -> None:
    digit = load_digits().images[5]
    file = saved(tmp_path / "digit.png", np.rint(digit * 255 / 16).astype(np.uint8))
    taken = TensorType.of_example((1, 8, 8))
    made = Preparation(taken, white=16).example(read_picture(file))
    assert np.abs(made[0] - digit).max() <= 16 / 255 / 2 + 1e-6


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_colours_are_those_that_the_network_takes(channels: int, mode: str) -> None:
    taken = TensorType.of_example((channels, 90, 120))
    for given in ("L", "RGB", "RGBA", "P", "1", "CMYK", "LA"):
        picture = Image.fromarray(PHOTO).convert(given)
        made = Preparation(taken).example(plain(picture, "photo"))
        expected = np.atleast_3d(np.asarray(picture.convert(mode))).transpose(2, 0, 1)
        assert np.array_equal(made, expected)


def test_free_channels_are_those_of_the_picture() -> None:
    free = Preparation(TensorType.of_example((Dim.of("C"), Dim.of("H"), Dim.of("W"))))
    for mode, channels in (("L", 1), ("1", 1), ("RGB", 3), ("P", 3)):
        made = free.example(plain(Image.fromarray(PHOTO).convert(mode), "photo"))
        assert made.shape == (channels, 90, 120)


def test_sixteen_bits_keep_their_brightness(tmp_path: Path) -> None:
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    file = saved(tmp_path / "deep.png", values)
    made = Preparation(TensorType.of_example((1, 1, 4))).example(read_picture(file))
    assert made.tolist() == [[[0, 1, 128, 255]]]


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("1", "png"), ("1", "tif"), ("P", "png"), ("P", "gif"), ("CMYK", "jpg"), ("CMYK", "tif"),
     ("YCbCr", "tif"), ("LAB", "tif"), ("L", "bmp"), ("RGB", "ppm")],
)  # fmt: skip
def test_pixels_of_any_kind_keep_their_colours(mode: str, suffix: str, tmp_path: Path) -> None:
    """Which are told by Pillow's own conversion of what it had before it was a file."""
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        expected = Image.fromarray(PHOTO)
        picture = ImageCms.profileToProfile(expected, srgb, lab, outputMode="LAB") or expected
    else:
        picture = Image.fromarray(PHOTO).convert(mode)
        expected = picture.convert("RGB")
    picture.save(tmp_path / f"photo.{suffix}")
    read = read_picture(file_of(tmp_path / f"photo.{suffix}"))
    assert read.mode in ("L", "RGB")
    difference = np.asarray(read.convert("RGB")).astype(int) - np.asarray(expected)
    assert np.abs(difference).mean() < (4 if suffix == "jpg" else 1)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "RGB"])
def test_what_is_transparent_is_white_unless_the_network_takes_transparency(
    mode: str, tmp_path: Path
) -> None:
    """The left half is black and opaque, the right half black, red or blue, and transparent."""
    path = tmp_path / "half.png"
    half = Image.new("RGBA", (4, 2), (0, 0, 0, 255))
    half.paste((0, 0, 0, 0) if "A" in mode else (255, 0, 0, 255), (2, 0, 4, 2))
    if mode in ("P", "L", "RGB"):  # one colour stands for transparency
        made = half.convert("RGB").convert(mode)
        colour = made.getpixel((3, 0))
        made.save(path, transparency=colour)
    else:
        half.convert(mode).save(path)
    read = read_picture(file_of(path))
    for channels in (1, 3):
        example = Preparation(TensorType.of_example((channels, 2, 4))).example(read)
        assert example.tolist() == [[[0, 0, 255, 255]] * 2] * channels
    alpha = Preparation(TensorType.of_example((4, 2, 4))).example(read)[3]
    assert alpha.tolist() == [[255, 255, 0, 0]] * 2


def test_half_transparent_pixels_let_half_of_the_white_through() -> None:
    picture = plain(Image.new("RGBA", (1, 1), (100, 0, 200, 51)), "veil")
    made = Preparation(TensorType.of_example((3, 1, 1))).example(picture)
    # A share of 51/255 = 0.2 of the colour, the rest is white.
    assert made.reshape(-1).tolist() == [224, 204, 244]


def test_pixels_that_do_not_say_what_white_is_are_refused(tmp_path: Path) -> None:
    for values, message in (
        (np.full((2, 2), 0.5, np.float32), "has floating-point pixels"),
        (np.full((2, 2), 70_000, np.int32), "has pixels of 32 bits"),
        (np.full((2, 2), -1, np.int32), "has pixels of 32 bits"),
    ):
        file = saved(tmp_path / "deep.tif", values)
        with pytest.raises(UnreadableError, match=rf"deep\.tif {message}") as caught:
            read_picture(file)
        assert "give its numbers in an .npy file" in caught.value.help


def test_of_an_animation_the_first_picture_is_read_and_said_to_be_one_of_several(
    tmp_path: Path,
) -> None:
    frames = [Image.new("RGB", (3, 2), colour) for colour in ("red", "lime", "blue")]
    for suffix in ("gif", "png", "webp", "tif"):
        path = tmp_path / f"moving.{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:])
        read = read_picture(file_of(path))
        assert read.info.get(ANIMATED)
        assert np.asarray(read.convert("RGB"))[0, 0] // 2 * 2 == pytest.approx([254, 0, 0])
    frames[0].save(tmp_path / "still.gif")
    assert not read_picture(file_of(tmp_path / "still.gif")).info.get(ANIMATED)


def test_a_photograph_is_turned_the_right_way_up(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    file = saved(tmp_path / "turned.png", PHOTO, exif=exif)
    assert np.array_equal(np.asarray(read_picture(file)), np.rot90(PHOTO, -1))


def test_without_a_resize_pictures_are_fitted_to_a_fixed_size_only() -> None:
    picture = Image.fromarray(PHOTO)
    fixed = Preparation(TensorType.of_example((3, 20, 30))).example(picture)
    expected = np.asarray(picture.resize((30, 20), Image.Resampling.BILINEAR))
    assert np.array_equal(fixed, expected.transpose(2, 0, 1))
    last = Preparation(TensorType.of_example((20, 30, 3), "uint8"), channels_last=True)
    assert np.array_equal(last.example(picture), expected)


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        (TensorType.of_example((4,)), "takes 4, which no image is"),
        (TensorType.of_example((5, 8, 8)), "takes 5×8×8, which no image is"),
        (TensorType.of_example((3, 8, 8), "int64"), "takes int64, and not the colours"),
    ],
)
def test_what_takes_no_pictures_is_told(taken: TensorType, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        Preparation(taken).require_pictures()


def test_what_preprocessing_learnt_is_applied_to_pictures_and_missed(tmp_path: Path) -> None:
    step = Step.model_validate({"standardize": "featurewise"})
    taken = TensorType.of_example((3, 90, 120))
    mean, std = PHOTO.mean((0, 1), dtype=np.float32), PHOTO.std((0, 1), dtype=np.float32)
    learnt = FittedStep(step, {"mean": mean, "std": std})
    made = Preparation(taken, [learnt]).example(plain(Image.fromarray(PHOTO), "photo"))
    assert made.mean((1, 2)) == pytest.approx(np.zeros(3), abs=1e-4)
    assert made.std((1, 2)) == pytest.approx(np.ones(3), abs=1e-4)
    with pytest.raises(TrainingError, match="does not carry what it learnt"):
        Preparation(taken, unlearnt([step])).require_pictures()
    back, _ = Preparation(taken, [learnt]).picture(made, share=False)
    assert np.array_equal(np.asarray(back), PHOTO)
    whitening = unlearnt([Step.model_validate({"whiten": {}})])
    with pytest.raises(TrainingError, match="`whiten` cannot be undone"):
        Preparation(taken, whitening).picture(made, share=False)


def test_steps_are_undone_where_an_output_is_in_their_units() -> None:
    picture = Image.fromarray(PHOTO)
    steps = unlearnt([STEPS[0], STEPS[2]])
    preparation = Preparation(TensorType.of_example((3, 90, 120)), steps)
    back, cut = preparation.picture(preparation.example(picture), share=False)
    assert np.array_equal(np.asarray(back), PHOTO)
    assert cut == 0
    with pytest.raises(TrainingError, match="values for 3 channels, but the output has 1"):
        preparation.picture(np.zeros((1, 2, 2)), share=False)


def test_values_beyond_black_and_white_are_cut_and_counted() -> None:
    values = np.array([[[-3, 0, 99.6, 300]]])
    picture, cut = Preparation(TensorType.of_example((1, 1, 4))).picture(values, share=False)
    assert np.asarray(picture).tolist() == [[0, 0, 100, 255]]
    assert cut == 0.5
    shares, cut = Preparation(TensorType.of_example((1, 1, 4))).picture(
        np.array([[[0, 0.5, 1]]]), share=True
    )
    assert (np.asarray(shares).tolist(), cut) == ([[0, 128, 255]], 0)


def test_directories_are_searched_for_pictures_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.png", "a/deep/x.PNG", "c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PHOTO).save(tmp_path / name)
    for name in ("b/notes.txt", ".hidden.png"):
        (tmp_path / name).write_text("no picture")
    found = picture_files(tmp_path)
    assert [(str(file.place), file.folder) for file in found] == [
        ("a/deep/x", "a"), ("b/1", "b"), ("b/2", "b"), ("c", "")
    ]  # fmt: skip


def test_links_in_circles_and_pipes_do_not_stop_the_search(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    saved(tmp_path / "a" / "x.png", PHOTO)
    (tmp_path / "a" / "b" / "back").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "itself.png").symlink_to("itself.png")
    (tmp_path / "a" / "nowhere.png").symlink_to("missing.png")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    found = picture_files(tmp_path / "a")
    assert [file.place.name for file in found] == ["itself", "nowhere", "x"]
    for file in found[:2]:
        with pytest.raises(UnreadableError, match=f"cannot read {file.name}: "):
            read_picture(file)


def test_a_picture_comes_through_a_pipe(tmp_path: Path) -> None:
    content = Path(saved(tmp_path / "x.png", PHOTO).name).read_bytes()
    os.mkfifo(tmp_path / "pipe")
    writer = Thread(target=(tmp_path / "pipe").write_bytes, args=(content,))
    writer.start()
    (file,) = picture_files(tmp_path / "pipe")
    writer.join()
    assert np.array_equal(np.asarray(read_picture(file)), PHOTO)


def test_no_program_is_run_for_a_picture(tmp_path: Path) -> None:
    """For PostScript, Pillow would start Ghostscript."""
    Image.fromarray(PHOTO).save(tmp_path / "photo.eps")
    with pytest.raises(UnreadableError, match="is not an image that Pillow can read"):
        read_picture(file_of(tmp_path / "photo.eps"))
    with pytest.raises(UnreadableError, match="holds no images"):
        picture_files(tmp_path)


def test_files_that_hold_no_whole_picture_are_told(tmp_path: Path) -> None:
    good = tmp_path / "good.png"
    saved(good, PHOTO)
    broken = tmp_path / "broken.png"
    for content in (b"", b"hello", good.read_bytes()[:2000]):
        broken.write_bytes(content)
        with pytest.raises(UnreadableError, match=r"broken\.png is not (an image|a whole)"):
            read_picture(file_of(broken))
    with pytest.raises(UnreadableError, match="cannot read"):
        picture_files(tmp_path / "missing.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableError, match="holds no images"):
        picture_files(tmp_path / "empty")


def test_a_picture_of_too_many_pixels_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(tmp_path / "large.png", PHOTO)
    for most in (PHOTO.size // 3 - 1, 10):  # where Pillow warns, and where it refuses
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        with pytest.raises(UnreadableError, match=r"has more than [\d,]+ pixels"):
            read_picture(file)
