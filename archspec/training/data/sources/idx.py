"""MNIST's format: arrays of bytes in IDX files, plain or gzipped (http://yann.lecun.com)."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from archspec.training.errors import UnreadableError

BYTES = 0x08
"""IDX's code for unsigned bytes."""

LARGEST = 2**33
"""More bytes than any set in this format has."""

REMEDY = "get the file anew"


def idx_pairs(directory: Path) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Returns images `[n, H, W]` and labels `[n]` for training and test, if these are there.

    Raises:
        UnreadableError: One of the files cannot be read, or is none.
    """
    pairs = []
    for part in ("train", "t10k"):
        images = _file(directory, f"{part}-images", "idx3-ubyte")
        labels = _file(directory, f"{part}-labels", "idx1-ubyte")
        if images is None or labels is None:
            return None
        pairs.append((read_idx(images, 3), read_idx(labels, 1)))
    return pairs


def read_idx(path: Path, axes: int) -> np.ndarray:
    """Returns the array in an IDX file.

    Args:
        path: The file, plain or gzipped.
        axes: How many axes the array has.

    Raises:
        UnreadableError: It cannot be read, or holds something else.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head = file.read(4 + 4 * axes)
            if len(head) != 4 + 4 * axes or head[:4] != bytes((0, 0, BYTES, axes)):
                raise UnreadableError(f"{path} is no IDX file of {axes} axes", REMEDY)
            shape = struct.unpack(f">{axes}I", head[4:])
            size = _size(path, shape)
            content = file.read(size + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableError(f"{path} is not a whole gzip file", REMEDY) from error
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror or error}") from error
    if len(content) != size:
        least = "more" if len(content) > size else f"{len(content):,}"
        raise UnreadableError(f"{path} is to hold {size:,} bytes, but holds {least}", REMEDY)
    return np.frombuffer(content, np.uint8).reshape(shape)


def _size(path: Path, shape: Sequence[int]) -> int:
    size = 1
    for length in shape:
        size *= length
    if not 0 < size <= LARGEST:
        raise UnreadableError(f"{path} says that it holds {size:,} bytes", REMEDY)
    return size


def _file(directory: Path, stem: str, kind: str) -> Path | None:
    names = [f"{stem}{separator}{kind}{suffix}" for separator in "-." for suffix in ("", ".gz")]
    return next((directory / name for name in names if (directory / name).is_file()), None)
