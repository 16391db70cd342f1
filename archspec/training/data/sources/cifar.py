"""CIFAR-10 and CIFAR-100 in their standard files: Python's or binary, unpacked or not.

Python's are pickles, which can run any code when they are read; what these here may name is
what NumPy needs to make an array.
"""

from __future__ import annotations

import pickle
import tarfile
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from archspec.training.errors import UnreadableError

Read: TypeAlias = Callable[[str], bytes | None]
"""Returns the content of a file by its name, if there is one."""

Pair: TypeAlias = tuple[np.ndarray, np.ndarray]

SHAPE = (3, 32, 32)
PIXELS = 3072

PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "cifar10": (tuple(f"data_batch_{n}" for n in range(1, 6)), ("test_batch",)),
    "cifar100": (("train",), ("test",)),
}
"""The files of training and test; the binary ones end in `.bin`."""

LABELS = {"cifar10": "labels", "cifar100": "fine_labels"}
LABEL_BYTES = {"cifar10": 1, "cifar100": 2}
"""In binary files as many bytes precede the pixels, the last of which is the label."""

ARCHIVES = {
    "cifar10": ("cifar-10-python.tar.gz", "cifar-10-binary.tar.gz"),
    "cifar100": ("cifar-100-python.tar.gz", "cifar-100-binary.tar.gz"),
}

LARGEST = 2**30
"""More bytes than one of the files has."""

ALLOWED = {("_reconstruct", "multiarray"), ("ndarray", "numpy"), ("dtype", "numpy")}
"""What the pickles may name, and the last word of the module that has it."""


def cifar_pairs(directory: Path, name: str) -> list[Pair] | None:
    """Returns images `[n, 3, 32, 32]` and labels `[n]` for training and test, if they are there.

    Args:
        directory: Where the files, or the archive of them, may be.
        name: `cifar10` or `cifar100`.

    Raises:
        UnreadableError: A file cannot be read, or is not one of the set.
    """
    made = _pairs(name, lambda file: _content(directory / file), directory)
    for archive in ARCHIVES[name]:
        path = directory / archive
        if made is None and path.is_file():
            members = _members(path, {*PARTS[name][0], *PARTS[name][1]})
            made = _pairs(name, members.get, path)
            if made is None:
                raise UnreadableError(f"{path} does not hold the files of {name}", _anew(path))
    return made


def _pairs(name: str, read: Read, place: Path) -> list[Pair] | None:
    pairs = []
    for files in PARTS[name]:
        made = []
        for file in files:
            content, binary = read(file), read(f"{file}.bin")
            if content is not None:
                made.append(_pickled(content, place / file, LABELS[name]))
            elif binary is not None:
                made.append(_binary(binary, place / f"{file}.bin", LABEL_BYTES[name]))
            else:
                return None
        images, labels = zip(*made, strict=True)
        pairs.append((np.concatenate(images), np.concatenate(labels)))
    return pairs


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror or error}") from error


def _members(path: Path, names: set[str]) -> dict[str, bytes]:
    """Returns the content of the files of these names in an archive, which is not unpacked."""
    found = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                stem = Path(member.name).name
                if not member.isfile() or stem.removesuffix(".bin") not in names:
                    continue
                if member.size > LARGEST:
                    raise UnreadableError(f"{path} holds {stem} of {member.size:,} bytes")
                file = archive.extractfile(member)
                found[stem] = file.read() if file else b""
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise UnreadableError(f"{path} is not a whole archive", _anew(path)) from error
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror or error}") from error
    return found


class _Unpickler(pickle.Unpickler):
    """Reads pickles of plain values and arrays, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        """Returns what a pickle may name.

        Raises:
            UnpicklingError: It names something else.
        """
        root, _, _ = module.partition(".")
        if root == "numpy" and (name, module.rpartition(".")[2]) in ALLOWED:
            if name == "_reconstruct":
                return np.ndarray.__reduce__(np.empty(0))[0]
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name}")


def _pickled(content: bytes, path: Path, labels: str) -> Pair:
    try:
        held = _Unpickler(BytesIO(content), encoding="latin1").load()
    except MemoryError:
        raise
    except Exception as error:  # what a file holds can make pickle and NumPy fail in any way
        strange = f", for it names {error}" if isinstance(error, pickle.UnpicklingError) else ""
        raise UnreadableError(f"{path} is no file of CIFAR{strange}", _anew(path)) from error
    data = held.get("data") if isinstance(held, dict) else None
    numbers = held.get(labels) if isinstance(held, dict) else None
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (PIXELS,):
        raise UnreadableError(f"{path} has no `data` of {PIXELS:,} bytes per image", _anew(path))
    if not isinstance(numbers, list) or not all(type(n) is int for n in numbers):
        raise UnreadableError(f"{path} has no list of `{labels}`", _anew(path))
    if len(numbers) != len(data):
        raise UnreadableError(
            f"{path} has {len(data):,} images, but {len(numbers):,} labels", _anew(path)
        )
    return data.reshape(-1, *SHAPE), np.array(numbers)


def _binary(content: bytes, path: Path, labels: int) -> Pair:
    row = labels + PIXELS
    if not content or len(content) % row:
        raise UnreadableError(
            f"{path} has {len(content):,} bytes, not a multiple of {row:,}", _anew(path)
        )
    rows = np.frombuffer(content, np.uint8).reshape(-1, row)
    return rows[:, labels:].reshape(-1, *SHAPE), rows[:, labels - 1].astype(np.int64)


def _anew(path: Path) -> str:
    return f"get {path.name} anew"
