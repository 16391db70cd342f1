"""Writing a model: one file, and a second one for weights where they are too large for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from archspec.backends.onnx.wire import Buffer, Parts, Weights, parts_of, pieces_of
from archspec.backends.whole_file import staged, write_all_whole

MAX_BYTES = 2**31 - 2**24
"""The most bytes of weights in a model's own file: protobuf ends at 2 GiB, and the nodes need
a little."""

ALIGNMENT = 4096
"""What arrays in the second file begin at multiples of, so that they can be mapped to memory."""


def write(model: ModelProto, path: Path) -> None:
    """Writes a model, whole or not at all.

    Where its weights do not fit into a file, they are in `FILE.data` beside it.

    Raises:
        OSError: It cannot be written.
    """
    write_parts(parts_of(model), path)


def write_parts(parts: Parts, path: Path) -> None:
    """Writes a model that is given in parts, as `write` does."""
    if sum(len(array.values) for array in parts.weights) <= MAX_BYTES:
        write_all_whole({path: pieces_of(parts)})
        return
    path = Path(os.path.realpath(path))
    data = _data_of(path)
    small = [array for array in parts.weights if len(array.values) < ALIGNMENT]
    large = [array for array in parts.weights if len(array.values) >= ALIGNMENT]
    parts.graph.initializer.extend(_placed(large, data.name))
    write_all_whole({data: _aligned(large), path: pieces_of(parts._replace(weights=small))})


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a path to write a model to, which replaces the one at `path` once it is proved.

    The second file of the old model goes with it, if the new one has none.

    Raises:
        OSError: A file cannot be written.
    """
    target = Path(os.path.realpath(path))
    data = _data_of(target)
    with staged(path) as part:
        yield part
        belongs = data.is_file() and not _data_of(part).exists() and data.name in _named(target)
    if belongs:
        data.unlink(missing_ok=True)


def data_files(model: ModelProto) -> set[str]:
    """Returns the names of the files beside a model that hold its weights."""
    return {
        ExternalDataInfo(tensor).location
        for tensor in model.graph.initializer
        if uses_external_data(tensor)
    }


def _data_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.data")


def _named(path: Path) -> set[str]:
    """Returns the files that a model names, if there is one."""
    try:
        return data_files(onnx.load(path, load_external_data=False))
    except (DecodeError, OSError):
        return set()


def _aligned(arrays: Sequence[Weights]) -> Iterator[Buffer]:
    """Yields what the second file holds."""
    for array in arrays:
        yield array.values
        yield bytes(_gap(array))


def _gap(array: Weights) -> int:
    return -len(array.values) % ALIGNMENT


def _placed(arrays: Sequence[Weights], file: str) -> Iterator[TensorProto]:
    """Yields the arrays with their places in the second file."""
    offset = 0
    for array in arrays:
        size, proto = len(array.values), array.proto
        proto.data_location = TensorProto.EXTERNAL
        for key, value in {"location": file, "offset": offset, "length": size}.items():
            proto.external_data.add(key=key, value=str(value))
        yield proto
        offset += size + _gap(array)
