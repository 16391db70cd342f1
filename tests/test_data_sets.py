"""MNIST, Fashion-MNIST and CIFAR in their standard files, found, read and downloaded."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from photographs import cut

from archspec.frontend.train_schema import DATASETS, Data
from archspec.ir.types import TensorType
from archspec.training.data.dataset import Dataset, load
from archspec.training.data.labels import class_labels
from archspec.training.data.sources import dataset as dataset_source
from archspec.training.data.sources.known import KNOWN, Known
from archspec.training.errors import TrainingError, UnreadableError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
GREY, COLOUR = TensorType.of_example((1, 28, 28)), TensorType.of_example((3, 32, 32))
NUMBERS = {"train": (25, 5), "t10k": (10, 5), "test": (10, 5)}


def idx(array: np.ndarray) -> bytes:
    """Returns an array of bytes in the format of http://yann.lecun.com/exdb/mnist."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def grey(number: int) -> np.ndarray:
    return np.stack([cut("china", at, 28, 28)[..., 1] for at in range(number)])


def mnist_files(labels: int = 5) -> dict[str, bytes]:
    return {
        f"{part}-{what}": content
        for part, number in (("train", 25), ("t10k", 10))
        for what, content in (
            ("images-idx3-ubyte", idx(grey(number))),
            ("labels-idx1-ubyte", idx(np.arange(number) % labels)),
        )
    }


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def colours(number: int, first: int = 0) -> np.ndarray:
    cuts = [cut(("china", "flower")[at % 2], at + first) for at in range(number)]
    return np.stack(cuts).transpose(0, 3, 1, 2)


class OfPython2(pickle._Pickler):
    """Writes what Python 2 wrote: bytes as its strings."""

    dispatch: ClassVar[dict[type, Any]] = {**pickle._Pickler.dispatch}
    write: Callable[[bytes], None]

    def save_bytes(self, held: bytes) -> None:
        short = len(held) < 256
        self.write(b"U" + bytes([len(held)]) if short else b"T" + struct.pack("<i", len(held)))
        self.write(held)

    dispatch[bytes] = save_bytes


def pickled(images: np.ndarray, labels: list[int], field: str = "labels") -> bytes:
    """Returns a batch as the authors of CIFAR have written them, with Python 2 and protocol 2."""
    rows = images.reshape(len(images), -1)
    content = {b"data": rows, field.encode(): labels, b"filenames": [b"a.png"] * len(labels)}
    file = io.BytesIO()
    OfPython2(file, protocol=2).dump(content)
    return file.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def cifar10(form: str) -> dict[str, bytes]:
    files = {}
    for number, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        images, labels = colours(4, 10 * number), [number, 1, 2, 9]
        rows = zip(labels, images.reshape(4, -1), strict=True)
        binary = b"".join(bytes([label]) + row.tobytes() for label, row in rows)
        files[f"{name}.bin" if form == "bin" else name] = (
            binary if form == "bin" else pickled(images, labels)
        )
    return files


def packed(path: Path, folder: str, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def made(name: str, taken: TensorType = GREY, **fields: object) -> Dataset:
    fields = {"download": False, "split": {"stratify": False}, **fields}
    return load(Data.model_validate({"dataset": name, **fields}), taken)


def trouble(name: str, taken: TensorType = GREY, **fields: object) -> tuple[str, str]:
    with pytest.raises(TrainingError) as caught:
        made(name, taken, **fields)
    return caught.value.message, caught.value.help


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets no data sets of this machine be found but those of Debian."""
    for name in ("HOME", "XDG_CACHE_HOME", "ARCHSPEC_DATA"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.mark.skipif(not DEBIAN.exists(), reason="needs Debian's dataset-fashion-mnist")
def test_fashion_mnist_is_found_where_debian_puts_it() -> None:
    data = made("fashion_mnist")
    sizes = {name: examples.number for name, examples in data.splits.items()}
    assert sizes == {"train": 60_000, "validation": 0, "test": 10_000}
    assert data.splits["train"].targets.bincount().tolist() == [6000] * 10
    with gzip.open(DEBIAN / "t10k-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 1, 28, 28)
    assert np.array_equal(data.splits["test"].inputs.numpy(), pixels)
    # The mean and deviation of the training images that everyone normalises by.
    inputs = data.splits["train"].inputs / 255
    assert float(inputs.mean()) == pytest.approx(0.2860, abs=1e-4)
    assert float(inputs.std()) == pytest.approx(0.3530, abs=1e-4)
    first = [data.classes[number] for number in data.splits["train"].targets[:4]]
    assert first == ["Ankle boot", "T-shirt/top", "T-shirt/top", "Dress"]


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    "place", ["here/data/MNIST/raw", "archspec_data/mnist", "home/.keras/datasets/mnist"]
)
def test_mnist_is_found_in_the_usual_places(place: str, suffix: str, tmp_path: Path) -> None:
    files = {
        name + suffix: gzip.compress(content) if suffix else content
        for name, content in mnist_files().items()
    }
    write(tmp_path / place, files)
    data = made("mnist")
    assert data.classes == tuple("0123456789")
    assert np.array_equal(data.splits["test"].inputs[:, 0].numpy(), grey(10))
    assert np.array_equal(data.splits["train"].targets.numpy(), np.arange(25) % 5)


def test_mnist_is_found_in_the_archive_of_keras(tmp_path: Path) -> None:
    folder = tmp_path / "home/.keras/datasets"
    folder.mkdir(parents=True)
    labels = np.arange(25) % 5
    np.savez(folder / "mnist.npz", x_train=grey(25), y_train=labels, x_test=grey(10),
             y_test=labels[:10])  # fmt: skip
    assert np.array_equal(made("mnist").splits["train"].inputs[:, 0].numpy(), grey(25))


def test_a_root_is_the_only_place(tmp_path: Path) -> None:
    root = write(tmp_path / "mine", mnist_files())
    assert made("mnist", root=str(root)).splits["train"].number == 25
    message, help_ = trouble("fashion_mnist", root=str(tmp_path / "other"))
    assert message == f"fashion_mnist is not in {tmp_path / 'other'}"
    assert "train-images-idx3-ubyte.gz" in help_
    assert "Debian's package dataset-fashion-mnist" in help_


def test_the_test_split_is_the_set_s_own(tmp_path: Path) -> None:
    write(tmp_path / "here/data/mnist", mnist_files())
    data = made("mnist", split={"validation": 5})
    assert [data.splits[n].number for n in ("train", "validation", "test")] == [20, 5, 10]
    assert data.splits["test"].indices.tolist() == list(range(25, 35))
    message, help_ = trouble("mnist", split={"test": 0.5})
    assert (message, help_) == (
        "the data have a test split of their own", "leave `test` out of train.data.split"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "train-images-idx3-ubyte",
            idx(grey(25))[:-1],
            "is to hold 19,600 bytes, but holds 19,599",
        ),
        ("train-images-idx3-ubyte", idx(grey(25)) + b"x", "bytes, but holds more"),
        ("train-images-idx3-ubyte", b"", "is no IDX file of 3 axes"),
        ("train-images-idx3-ubyte", idx(np.zeros(9)), "is no IDX file of 3 axes"),
        ("train-images-idx3-ubyte", struct.pack(">4B3I", 0, 0, 8, 3, *[2**31] * 3), "says that"),
        ("train-labels-idx1-ubyte", idx(np.full(25, 12)), "mnist has the label 12 at image 0"),
        ("train-labels-idx1-ubyte", idx(np.zeros(24)), "has 25 images, but 24 labels"),
    ],
)
def test_broken_idx_files_are_told(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    root = write(tmp_path / "mine", {**mnist_files(), name: content})
    assert message in trouble("mnist", root=str(root))[0]


def test_a_broken_gzip_file_is_told(tmp_path: Path) -> None:
    files = {f"{name}.gz": gzip.compress(content) for name, content in mnist_files().items()}
    for broken in (files["t10k-images-idx3-ubyte.gz"][:500], b"no gzip file at all"):
        root = write(tmp_path / "mine", {**files, "t10k-images-idx3-ubyte.gz": broken})
        assert "is not a whole gzip file" in trouble("mnist", root=str(root))[0]


@pytest.mark.parametrize("form", ["py", "bin"])
@pytest.mark.parametrize("archived", [False, True])
def test_cifar10_is_read_in_both_forms(form: str, archived: bool, tmp_path: Path) -> None:
    folder, kind = f"cifar-10-batches-{form}", "python" if form == "py" else "binary"
    if archived:
        packed(tmp_path / f"here/data/cifar-10-{kind}.tar.gz", folder, cifar10(form))
    else:
        write(tmp_path / "home/.keras/datasets" / folder, cifar10(form))
    data = made("cifar10", COLOUR)
    wanted = np.concatenate([colours(4, 10 * number) for number in range(5)])
    assert np.array_equal(data.splits["train"].inputs.numpy(), wanted)
    assert np.array_equal(data.splits["test"].inputs.numpy(), colours(4, 50))
    assert data.splits["test"].targets.tolist() == [5, 1, 2, 9]
    assert data.classes[9] == "truck"


@pytest.mark.parametrize("form", ["py", "bin"])
def test_cifar100_has_its_fine_labels(form: str, tmp_path: Path) -> None:
    files = {}
    for name, first in (("train", 0), ("test", 9)):
        images, labels = colours(6, first), [0, 99, 98, 1, 2, first]
        rows = zip(labels, images.reshape(6, -1), strict=True)
        binary = b"".join(bytes([7, label]) + row.tobytes() for label, row in rows)
        files[f"{name}.bin" if form == "bin" else name] = (
            binary if form == "bin" else pickled(images, labels, "fine_labels")
        )
    data = made("cifar100", COLOUR, root=str(write(tmp_path / "mine", files)))
    assert data.splits["train"].targets.tolist() == [0, 99, 98, 1, 2, 0]
    assert np.array_equal(data.splits["test"].inputs.numpy(), colours(6, 9))
    assert (len(data.classes), data.classes[0], data.classes[99]) == (100, "apple", "worm")


class Harmful:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_a_pickle_that_would_run_code_runs_none(tmp_path: Path) -> None:
    harmed = tmp_path / "harmed"
    content = pickle.dumps({"data": Harmful(harmed)}, protocol=2)
    pickle.loads(content)["data"].close()
    assert harmed.exists()
    harmed.unlink()
    root = write(tmp_path / "mine", {**cifar10("py"), "data_batch_3": content})
    message, _ = trouble("cifar10", COLOUR, root=str(root))
    assert message.endswith("data_batch_3 is no file of CIFAR, for it names io.open")
    assert not harmed.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no pickle", "is no file of CIFAR"),
        (pickle.dumps([1]), "has no `data` of 3,072 bytes per image"),
        (pickle.dumps({"data": np.zeros((2, 5), np.uint8)}), "has no `data` of 3,072 bytes"),
        (pickle.dumps({"data": np.zeros((2, 3072), np.uint8)}), "has no list of `labels`"),
        (pickled(colours(4), [1]), "has 4 images, but 1 labels"),
        (pickled(colours(4), [1, 2, 3, 10]), "cifar10 has the label 10 at image 7"),
    ],
)
def test_broken_files_of_cifar_are_told(content: bytes, message: str, tmp_path: Path) -> None:
    root = write(tmp_path / "mine", {**cifar10("py"), "data_batch_2": content})
    assert message in trouble("cifar10", COLOUR, root=str(root))[0]


def test_a_broken_archive_of_cifar_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / "mine/cifar-10-python.tar.gz", "cifar-10-batches-py", cifar10("py"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "is not a whole archive" in trouble("cifar10", COLOUR, root=str(path.parent))[0]
    packed(path, "else", {"test_batch": b""})
    message, _ = trouble("cifar10", COLOUR, root=str(path.parent))
    assert message.endswith("does not hold the files of cifar10")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that has MNIST's files."""
    files = {f"{name}.gz": gzip.compress(data) for name, data in mnist_files().items()}
    folder = write(tmp_path / "served", files)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


def served(address: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets MNIST be the files of a folder, which a server has."""
    sums = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    ours = Known(KNOWN["mnist"].classes, ("mnist",), sums, address)
    monkeypatch.setattr(dataset_source, "KNOWN", {**KNOWN, "mnist": ours})


def test_what_is_not_on_disk_is_downloaded_once(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(server, tmp_path / "served", monkeypatch)
    assert made("mnist", download=True).splits["train"].number == 25
    kept = sorted(path.name for path in (tmp_path / "archspec_data/mnist").iterdir())
    assert kept == sorted(path.name for path in (tmp_path / "served").iterdir())
    served("http://127.0.0.1:9/", tmp_path / "served", monkeypatch)
    assert made("mnist", download=True).splits["train"].number == 25


def test_a_download_that_is_not_the_data_set_is_not_kept(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(server, tmp_path / "served", monkeypatch)
    (tmp_path / "served/t10k-labels-idx1-ubyte.gz").write_bytes(b"something else")
    message, help_ = trouble("mnist", download=True)
    assert message == f"what {server} gives for mnist is not the data set"
    assert "root: DIR" in help_
    kept = {path.name for path in (tmp_path / "archspec_data/mnist").iterdir()}
    assert "t10k-labels-idx1-ubyte.gz" not in kept
    assert kept <= {*KNOWN["mnist"].files}


def test_a_machine_without_internet_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "served/train-images-idx3-ubyte.gz").write_bytes(b"")
    served("http://127.0.0.1:9/", tmp_path / "served", monkeypatch)
    with pytest.raises(UnreadableError, match="mnist is not on this machine, and cannot be down"):
        made("mnist", download=True)


@pytest.mark.parametrize("name", [*DATASETS])
def test_the_names_of_the_classes_are_known_without_the_files(name: str) -> None:
    labels = class_labels(Data.model_validate({"dataset": name}))
    assert labels is not None
    assert len({*labels}) == DATASETS[name]
