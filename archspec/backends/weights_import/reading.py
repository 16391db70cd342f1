"""Files of weights, told apart by what they hold."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from archspec.backends.fit import WeightsError
from archspec.backends.tensor_file import is_tensor_file, read_tensors
from archspec.backends.weights_import.layer import Source

HDF5 = b"\x89HDF\r\n\x1a\n"
TORCH = (".pt", ".pth", ".ckpt", ".bin")
READABLE = "what can be read are files of torch.save, .safetensors, .keras, .h5 and .onnx"


def read_source(path: Path, key: str | None = None) -> tuple[Source, dict[str, np.ndarray]]:
    """Returns the layers in a file, and its tensors by name if archspec wrote it as ONNX.

    Args:
        path: The file.
        key: Which of several dictionaries of tensors in a file of torch's is wanted.

    Raises:
        WeightsError: The file cannot be read, is damaged, or holds no weights.
        ModuleNotFoundError: A library that the kind of file needs is not installed.
    """
    try:
        return _read(path, key)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}") from error


def _read(path: Path, key: str | None) -> tuple[Source, dict[str, np.ndarray]]:
    with path.open("rb") as file:
        start = file.read(len(HDF5))
    if not start:
        raise WeightsError(f"{path} is empty", READABLE)
    if is_tensor_file(path):
        from archspec.backends.weights_import.torch_source import source_of

        return source_of(read_tensors(path), in_order=False), {}
    if start == HDF5 or _is_keras(path):
        from archspec.backends.weights_import.keras_file import read_keras

        return read_keras(path), {}
    if path.suffix.lower() == ".onnx":
        from archspec.backends.weights_import.onnx_source import read_onnx

        return read_onnx(path)
    if start.startswith((b"\x80", b"PK")) or path.suffix.lower() in TORCH:
        from archspec.backends.weights_import.torch_file import read_torch
        from archspec.backends.weights_import.torch_source import source_of

        return source_of(read_torch(path, key), in_order=True), {}
    raise WeightsError(f"{path} is no file of weights that archspec knows", READABLE)


def _is_keras(path: Path) -> bool:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return "config.json" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        pass  # it is damaged, which is told by what reads such files
    return path.suffix.lower() in (".keras", ".h5", ".hdf5")
