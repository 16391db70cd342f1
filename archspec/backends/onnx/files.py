"""Writing a model: one file, and a second one for weights where they are too large for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from onnx import ModelProto, TensorProto

from archspec.backends.onnx.wire import Buffer, Parts, Weights, parts_of, pieces_of
from archspec.backends.whole_file import write_all_whole

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
    data = path.with_name(f"{path.name}.data")
    small = [array for array in parts.weights if len(array.values) < ALIGNMENT]
    large = [array for array in parts.weights if len(array.values) >= ALIGNMENT]
    parts.graph.initializer.extend(_placed(large, data.name))
    write_all_whole({data: _aligned(large), path: pieces_of(parts._replace(weights=small))})


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
