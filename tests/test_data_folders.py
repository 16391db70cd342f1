"""Images in directories and zip files: classes and splits from the directories, faults by name."""

from __future__ import annotations

import os
import signal
import struct
import unicodedata
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pytest
import torch
from photographs import cut, picture

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.dataset import (
    Dataset,
    Examples,
    evaluation_batches,
    load,
    training_batches,
)
from archspec.training.data.labels import class_labels
from archspec.training.data.sources import picture_tree
from archspec.training.data.stored import Stored, watched_readers
from archspec.training.errors import DeviceError, TrainingError, UnreadableError

COLOUR = TensorType.of_example((3, 16, 16))
RESIZED: list[object] = [{"resize": [16, 16]}]


def png(name: str, at: int, height: int = 32, width: int = 32) -> bytes:
    content = BytesIO()
    picture(name, at, height, width).save(content, "PNG")
    return content.getvalue()


def tree(classes: Mapping[str, int], prefix: str = "") -> dict[str, bytes]:
    """Returns files by their paths: as many images of each class, of one photograph each."""
    photographs = ("china", "flower")
    return {
        f"{prefix}{name}/{at}.png": png(photographs[number % 2], at + 50 * number)
        for number, (name, count) in enumerate(classes.items())
        for at in range(count)
    }


def in_directory(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "data"


def in_zip(folder: Path, files: Mapping[str, bytes]) -> Path:
    path = folder / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def made(path: Path, taken: TensorType = COLOUR, /, **fields: object) -> Dataset:
    fields = {"preprocess": RESIZED, "workers": 0, **fields}
    return load(Data.model_validate({"folder": str(path), **fields}), taken)


def trouble(path: Path, **fields: object) -> tuple[str, str]:
    with pytest.raises(TrainingError) as caught:
        made(path, **fields)
    assert caught.value.place
    return caught.value.message, caught.value.help


@pytest.mark.parametrize("pack", [in_directory, in_zip])
def test_pixels_are_those_of_the_files(pack: object, tmp_path: Path) -> None:
    assert callable(pack)
    path = pack(tmp_path, tree({"temple": 5, "flower": 5}))
    data = made(path, TensorType.of_example((3, 32, 32)), preprocess=[], split={"test": 4})
    assert data.classes == ("flower", "temple")
    for examples in data.splits.values():
        for inputs, target, at in zip(
            examples.inputs, examples.targets, examples.indices, strict=True
        ):
            # In the order of their names the five flowers come first; they were made second.
            wanted = cut("flower", at % 5 + 50) if at < 5 else cut("china", at % 5)
            assert target == int(at >= 5)
            assert np.array_equal(inputs.numpy(), np.moveaxis(wanted, -1, 0))


@pytest.mark.parametrize("pack", [in_directory, in_zip])
@pytest.mark.parametrize("around", ["", "glaucoma/"])
@pytest.mark.parametrize("names", [("train", "test", "validation"), ("Train", "TEST", "val")])
def test_the_directories_of_splits_are_the_splits(
    pack: object, around: str, names: tuple[str, str, str], tmp_path: Path
) -> None:
    assert callable(pack)
    files: dict[str, bytes] = {}
    for number, name in zip((6, 4, 2), names, strict=True):
        files |= tree({"glaucoma": number, "normal": number}, f"{around}{name}/")
    data = made(pack(tmp_path, files))
    sizes = {name: examples.number for name, examples in data.splits.items()}
    assert sizes == {"train": 12, "validation": 4, "test": 8}
    assert data.classes == ("glaucoma", "normal")
    assert data.splits["test"].targets.bincount().tolist() == [4, 4]


def test_a_class_may_be_called_as_a_split_is(tmp_path: Path) -> None:
    assert made(in_directory(tmp_path, tree({"train": 5, "plane": 5}))).classes == (
        "plane",
        "train",
    )


def test_classes_that_are_numbers_are_in_the_order_of_numbers(tmp_path: Path) -> None:
    data = made(in_directory(tmp_path, tree({"10": 3, "9": 3, "1": 3})), split={"test": 3})
    assert data.classes == ("1", "9", "10")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("pack", [in_directory, in_zip])
def test_korean_names_are_composed(
    form: Literal["NFC", "NFD"], pack: object, tmp_path: Path
) -> None:
    assert callable(pack)
    names = {unicodedata.normalize(form, name): 5 for name in ("녹내장", "정상")}
    path = pack(tmp_path, tree(names))
    assert made(path).classes == ("녹내장", "정상")
    assert class_labels(Data(folder=str(path))) == ("녹내장", "정상")


def test_names_in_zip_files_of_korean_windows_are_read(tmp_path: Path) -> None:
    path = in_zip(tmp_path, tree({"aaaaaa": 5, "bbbb": 5}))
    content = path.read_bytes()
    for plain, korean in ((b"aaaaaa", "녹내장"), (b"bbbb", "정상")):
        content = content.replace(plain + b"/", korean.encode("cp949") + b"/")
    path.write_bytes(content)
    assert made(path).classes == ("녹내장", "정상")


def test_what_hides_is_left_out(tmp_path: Path) -> None:
    files = {
        **tree({"a": 5, "b": 5}),
        "a/notes.txt": b"no picture",
        "a/.hidden.png": b"no picture",
        ".git/c/1.png": b"no picture",
        "__MACOSX/a/._0.png": b"no picture",
    }
    for pack in (in_directory, in_zip):
        data = made(pack(tmp_path, files))
        assert sum(examples.number for examples in data.splits.values()) == 10


def test_images_deeper_in_a_class_belong_to_it(tmp_path: Path) -> None:
    files = {**tree({"a": 3, "b": 5}), **tree({"older": 2}, "a/")}
    data = made(in_directory(tmp_path, files))
    assert data.classes == ("a", "b")
    assert sum(examples.number for examples in data.splits.values()) == 10


def test_colours_are_those_that_the_network_takes_unless_a_step_says_so(tmp_path: Path) -> None:
    path = in_directory(tmp_path, tree({"a": 5, "b": 5}))
    grey = TensorType.of_example((1, 32, 32))
    luma = np.asarray(picture("china", 0).convert("L"))
    as_network = made(path, grey, preprocess=[], split={"test": 0}).splits["train"]
    as_said = made(path, preprocess=[{"color_mode": "grayscale"}], split={"test": 0})
    for examples in (as_network, as_said.splits["train"]):
        assert np.array_equal(examples.inputs[0, 0].numpy(), luma)
    transparent = made(path, preprocess=[{"color_mode": "rgba"}]).splits["test"]
    assert transparent.shape == (4, 32, 32)
    assert (transparent.inputs[:, 3] == 255).all()


@pytest.mark.parametrize("pack", [in_directory, in_zip])
def test_images_that_are_not_kept_in_memory_are_the_same(pack: object, tmp_path: Path) -> None:
    assert callable(pack)
    files = {
        **tree({"a": 40}),
        **{f"b/{at}.png": png("flower", at, 20 + at, 30) for at in range(40)},
    }
    path = pack(tmp_path, files)
    kept = made(path).splits
    for workers in (0, 2):
        read = made(path, in_memory=False, workers=workers).splits
        for name, examples in read.items():
            assert isinstance(examples.held, Stored) and not isinstance(kept[name].held, Stored)
            order = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
            mine = list(training_batches(examples, 7, order[0])) if examples.number else []
            theirs = list(training_batches(kept[name], 7, order[1])) if examples.number else []
            for ours, wanted in zip(mine, theirs, strict=True):
                assert all(torch.equal(a, b) for a, b in zip(ours, wanted, strict=True))
    in_parallel = made(path, workers=2).splits["train"].inputs
    assert torch.equal(in_parallel, kept["train"].inputs)


def test_a_corrupt_image_is_named_whoever_reads_it(tmp_path: Path) -> None:
    files = tree({"a": 40, "b": 40})
    files["b/7.png"] = files["b/7.png"][:200]
    for pack, name in ((in_directory, "b/7.png"), (in_zip, "data.zip: b/7.png")):
        path = pack(tmp_path, files)
        for workers in (0, 2):
            message, help_ = _unreadable(path, workers=workers)
            assert message.endswith(f"{name} is not a whole image")
            assert help_
        lazily = made(path, in_memory=False, workers=2, split={"test": 0}).splits["train"]
        with pytest.raises(UnreadableError, match="is not a whole image"):
            for _ in evaluation_batches(lazily, 8):
                pass


def _unreadable(path: Path, **fields: object) -> tuple[str, str]:
    with pytest.raises(UnreadableError) as caught:
        made(path, **fields)
    return caught.value.message, caught.value.help


def test_images_of_several_sizes_need_one(tmp_path: Path) -> None:
    files = {**tree({"a": 5, "b": 5}), "b/odd.png": png("china", 1, 20, 30)}
    message, help_ = trouble(in_directory(tmp_path, files), preprocess=[])
    assert message.endswith("b/odd.png is 3×20×30, but " + str(tmp_path / "data/a/0.png") +
                            " is 3×32×32")  # fmt: skip
    assert "add `resize: [HEIGHT, WIDTH]`" in help_


@pytest.mark.parametrize(
    ("files", "folders", "message"),
    [
        (tree({"a": 5}), (), "has one class, a;"),
        (tree({"a": 5, "b": 5}), ("c",), "the class c has no images"),
        (tree({"a": 5, "b": 5}, "train/"), ("train/c",), "the class c has no images"),
        ({**tree({"a": 5, "b": 5}), "1.png": png("china", 1)}, (), "1.png is in no class"),
        (
            {**tree({"a": 5, "b": 5}, "train/"), "test/1.png": png("china", 1)},
            (),
            "test/1.png is in no class",
        ),
        (
            {**tree({"a": 5, "b": 5}, "train/"), **tree({"c": 2}, "test/")},
            (),
            "test/c/0.png is of the class c, which is not one of those to learn",
        ),
        (
            {**tree({"a": 5, "b": 5}, "train/"), **tree({"a": 2}, "test/"), **tree({"x": 1}, "y/")},
            (),
            "has a directory y beside those of the splits",
        ),
    ],
)
def test_directories_that_are_not_those_of_classes_are_told(
    files: dict[str, bytes], folders: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    path = in_directory(tmp_path, files)
    for folder in folders:
        (path / folder).mkdir()
    assert message in trouble(path)[0]
    packed = in_zip(tmp_path, {**files, **{f"{folder}/": b"" for folder in folders}})
    assert message in trouble(packed)[0]


def test_the_spec_may_say_which_classes_there_are(tmp_path: Path) -> None:
    path = in_directory(tmp_path, tree({"cat": 5, "dog": 5}))
    assert made(path, classes=["dog", "cat"]).classes == ("dog", "cat")
    message, help_ = trouble(path, classes=["cat", "dogs"])
    assert "`classes` names dogs" in message
    assert help_ == "did you mean `dog`?"
    message, _ = trouble(in_directory(tmp_path, tree({"bird": 1})), classes=["cat", "dog"])
    assert "bird/0.png is of the class bird" in message


def test_files_that_hold_no_images_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no images" in _unreadable(tmp_path / "empty")[0]
    assert "cannot read" in _unreadable(tmp_path / "missing")[0]
    (tmp_path / "text.zip").write_text("no zip")
    assert "is not a whole zip file" in _unreadable(tmp_path / "text.zip")[0]
    assert "holds no images" in _unreadable(in_zip(tmp_path, {"a/notes.txt": b"x"}))[0]


def test_a_zip_file_is_not_unpacked_beyond_its_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_tree, "LARGEST", 2**22)
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree({"a": 5, "b": 5}).items():
            archive.writestr(name, content)
        archive.writestr("b/bomb.png", b"\0" * (2**22 + 1))
    assert path.stat().st_size < 2**17
    assert "b/bomb.png has more than 4,194,304 bytes" in _unreadable(path)[0]


def test_nothing_is_written_outside_of_a_zip_file(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    files = {**tree({"a": 5, "b": 5}), "../b/out.png": png("china", 3), "/abs/1.png": b"x"}
    path = in_zip(inner, files)
    with pytest.raises(TrainingError):
        made(path)
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["data.zip"]


def test_encrypted_and_broken_members_are_told(tmp_path: Path) -> None:
    path = in_zip(tmp_path, tree({"a": 5, "b": 5}))
    whole = path.read_bytes()
    flags = bytearray(whole)
    first, entry = whole.index(b"PK\x03\x04"), whole.index(b"PK\x01\x02")
    for place in (first + 6, entry + 8):
        struct.pack_into("<H", flags, place, 1)
    path.write_bytes(flags)
    assert "a/0.png is encrypted" in _unreadable(path)[0]
    path.write_bytes(whole[:200] + b"\0\0\0\0" + whole[204:])
    assert "a/0.png is not whole" in _unreadable(path)[0]


def test_networks_that_take_no_images_are_told(tmp_path: Path) -> None:
    path = in_directory(tmp_path, tree({"a": 5, "b": 5}))
    for shape in ((4,), (7, 8, 8)):
        with pytest.raises(TrainingError, match="which no image is"):
            made(path, TensorType.of_example(shape))


class Killing(NamedTuple):
    """Examples on which the process that reads them is killed, as for want of memory."""

    number: int = 90
    alike: bool = True
    held: bool = False

    def read(self, at: np.ndarray) -> torch.Tensor:
        if 70 in at:
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.zeros(len(at), 4)

    def called(self, at: int) -> str:
        return f"example {at}"


def test_a_reader_that_is_killed_is_told() -> None:
    stored = Stored(Killing(), np.arange(90), (), (4,), workers=1)
    examples = Examples(np.arange(90), stored, torch.zeros(90, dtype=torch.int64))
    killed = pytest.raises(DeviceError, match="a process that reads examples was killed")
    with killed, watched_readers():
        for _ in evaluation_batches(examples, 8):
            pass
