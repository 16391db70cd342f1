"""A NumPy archive as a data set, as users of Keras save theirs with `np.savez`."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np

from archspec.diagnostics.counted import counted
from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType, shape_text
from archspec.training.errors import TrainingError, UnreadableError
from archspec.training.source import UNKNOWN, Source

WHOLE = ("x", "y")
HALVES = ("x_train", "y_train", "x_test", "y_test")
REMEDY = "write it with np.savez(FILE, x=…, y=…), or with x_train, y_train, x_test and y_test"

MAX_CLASSES = 1_000_000
"""The most classes that are numbered without being named."""


def read_archive(path: Path, spec: Data, taken: TensorType) -> Source:
    """Returns the data set in an archive.

    The archive holds `x` and `y`, or `x_train`, `y_train`, `x_test` and `y_test`, and may
    hold the names of the `classes`, which those of the spec replace.

    Args:
        path: The archive.
        spec: How its arrays are to be read.
        taken: What the network takes: where it takes one axis more than the examples have,
            they have one channel.

    Raises:
        UnreadableError: There is no such file, or it is no archive of arrays.
        TrainingError: The arrays are not those of a data set.
    """
    return _data_set(path, read_arrays(path), spec, taken)


def examples_in(
    path: Path, arrays: Mapping[str, np.ndarray], spec: Data, taken: TensorType, classes: int
) -> Source:
    """Returns the examples in the arrays of a file as a data set.

    Their classes, of which there are `classes`, may be unknown: there is no `y` then.

    Raises:
        TrainingError: The arrays are not those of examples.
    """
    if "y" in arrays or "x" not in arrays:
        return _data_set(path, arrays, spec, taken, classes)
    _require_numbers(path.stem, "x", arrays["x"])
    return Source(
        path.stem,
        _class_names(path.stem, spec, arrays, classes),
        _channels_first(arrays["x"], taken, channels_last=spec.channels_last),
        np.full(len(arrays["x"]), UNKNOWN),
    )


def read_arrays(path: Path, content: bytes | None = None) -> dict[str, np.ndarray]:
    """Returns the arrays in an `.npz` file by name, or that of an `.npy` file as `x`.

    Args:
        path: The file.
        content: What is in it, if that has been read.

    Raises:
        UnreadableError: There is no such file, or it does not hold arrays, or one that runs
            code when it is read.
    """
    try:
        with path.open("rb") if content is None else BytesIO(content) as file:
            made = np.load(file, allow_pickle=False)
            return {"x": made} if isinstance(made, np.ndarray) else dict(made)
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror or error}") from error
    except MemoryError:
        raise
    except Exception as error:  # what a file holds can make zipfile and NumPy fail in any way
        place = path if content is None else BytesIO(content)
        if "allow_pickle" in str(error) and zipfile.is_zipfile(place):
            raise UnreadableError(
                f"{path} holds arrays of Python objects, which run code when they are read",
                "store text with dtype=str, numbers as numbers, and nothing else",
            ) from error
        raise UnreadableError(f"{path} is not a NumPy archive", REMEDY) from error


def _data_set(
    path: Path,
    arrays: Mapping[str, np.ndarray],
    spec: Data,
    taken: TensorType,
    classes: int = 0,
) -> Source:
    wanted = WHOLE if {*WHOLE} & {*arrays} else HALVES
    missing = [name for name in wanted if name not in arrays]
    if missing:
        held = ", ".join(arrays) or "nothing"
        raise TrainingError(f"{path} has no {' and no '.join(missing)}; it holds {held}", REMEDY)
    pairs = [wanted[i : i + 2] for i in range(0, len(wanted), 2)]
    for x, y in pairs:
        _require_pair(path.stem, arrays, x, y)
    targets = np.concatenate([arrays[y].reshape(-1) for _, y in pairs]).astype(np.int64)
    inputs = _joined(path.stem, arrays, [x for x, _ in pairs])
    return Source(
        path.stem,
        _class_names(path.stem, spec, arrays, max(int(targets.max()) + 1, classes)),
        _channels_first(inputs, taken, channels_last=spec.channels_last),
        targets,
        test=len(arrays["x_test"]) if wanted == HALVES else 0,
    )


def _channels_first(inputs: np.ndarray, taken: TensorType, *, channels_last: bool) -> np.ndarray:
    """Returns examples `[count, *shape]` with the axis of channels where the network has it."""
    if inputs.ndim == len(taken.shape) - 1:
        return inputs[:, np.newaxis]
    return np.moveaxis(inputs, -1, 1) if channels_last and inputs.ndim > 2 else inputs


def _require_numbers(name: str, what: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "biuf":
        raise TrainingError(f"{what} in {name} holds {array.dtype}, not numbers")
    if array.ndim == 0 or array.size == 0:
        raise TrainingError(f"{what} in {name} holds no examples")


def _require_pair(name: str, arrays: Mapping[str, np.ndarray], x: str, y: str) -> None:
    inputs, targets = arrays[x], arrays[y]
    _require_numbers(name, x, inputs)
    _require_numbers(name, y, targets)
    if targets.shape not in ((len(targets),), (len(targets), 1)):
        raise TrainingError(
            f"{y} in {name} has {shape_text(targets.shape[1:])} numbers for each example",
            f"give the number of its class: {y}.argmax(axis=1) if the rows are one-hot",
        )
    if len(inputs) != len(targets):
        raise TrainingError(
            f"{x} in {name} has {len(inputs):,} examples, but {y} has {len(targets):,}"
        )
    if targets.dtype.kind == "f" or targets.min() < 0:
        raise TrainingError(
            f"{y} in {name} holds other numbers than those of classes",
            "number the classes from 0, as integers",
        )


def _joined(name: str, arrays: Mapping[str, np.ndarray], parts: list[str]) -> np.ndarray:
    shapes = {part: shape_text(arrays[part].shape[1:]) for part in parts}
    if len(set(shapes.values())) > 1:
        told = ", but ".join(f"{part} in {name} has {shape}" for part, shape in shapes.items())
        raise TrainingError(f"the examples differ in shape: {told}")
    return np.concatenate([arrays[part] for part in parts])


def _class_names(
    name: str, spec: Data, arrays: Mapping[str, np.ndarray], number: int
) -> tuple[str, ...]:
    names = tuple(spec.classes or map(str, np.ravel(arrays.get("classes", ()))))
    if not names and number <= MAX_CLASSES:
        return tuple(map(str, range(number)))
    if number > len(names):
        known = f"there are names for {len(names)}" if names else f"{MAX_CLASSES:,} is the limit"
        raise TrainingError(
            f"{name} has {counted(number, 'class', 'classes')}, but {known}",
            "number the classes from 0, and name all of them or none",
        )
    return names
