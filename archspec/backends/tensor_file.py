"""Weights in a safetensors file, read without PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, deserialize

from archspec.backends.fit import WeightsError

SUFFIX = ".safetensors"
"""What such files are called."""

COUNTER = "int64"
"""What a whole number is, which counts the batches that batch norm has seen."""

FLOATS = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
"""NumPy's names for the format's types; it has none for `BF16`, the upper half of `F32`."""


def is_tensor_file(path: Path) -> bool:
    """Returns whether a path is called as safetensors files are."""
    return path.suffix.lower() == SUFFIX


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Returns the weights in a file, in single precision.

    Raises:
        WeightsError: The file cannot be read, is damaged, or holds what no weight can be.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from error
    try:
        found = deserialize(content)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise WeightsError(
            f"{path} is damaged, or no safetensors file: {error}",
            "copy or save it again with safetensors.torch.save_file",
        ) from error
    return {
        name: _array(path, name, view["dtype"], bytes(view["data"])).reshape(view["shape"])
        for name, view in found
    }


def _array(path: Path, name: str, kind: str, data: bytes) -> np.ndarray:
    if kind in FLOATS:
        with np.errstate(over="ignore"):  # what is too large becomes infinite
            return np.frombuffer(data, FLOATS[kind]).astype(np.float32)
    if kind == "BF16":
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    if kind == "I64" and len(data) == np.dtype(COUNTER).itemsize:
        return np.frombuffer(data, "<i8").astype(COUNTER)
    raise WeightsError(
        f"{path}: {name} is a tensor of {kind}, which no weight can be",
        "save dense tensors of floating-point numbers",
    )
