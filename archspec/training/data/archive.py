"""A NumPy archive as a data set, as users of Keras save theirs with `np.savez`."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType, shape_text
from archspec.training.data.source import UNKNOWN, ArrayInputs, Source
from archspec.training.data.sources.layout import channels_first, require_as_many, require_numbers
from archspec.training.data.targets import class_names, example_weights, targets_of
from archspec.training.errors import TrainingError, UnreadableError

WHOLE = ("x", "y")
HALVES = ("x_train", "y_train", "x_test", "y_test")
REMEDY = "write it with np.savez(FILE, x=…, y=…), or with x_train, y_train, x_test and y_test"
PLACE = ("train", "data", "npz")


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
    require_numbers(f"x in {path.stem}", arrays["x"], PLACE)
    names = () if spec.targets == "values" else _names(spec, arrays)
    return Source(
        path.stem,
        () if spec.targets == "values" else class_names(path.stem, names, classes),
        _inputs(path.stem, arrays["x"], spec, taken),
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
        raise TrainingError(
            f"{path} has no {' and no '.join(missing)}; it holds {held}", REMEDY, place=PLACE
        )
    name, xs, ys = path.stem, wanted[::2], wanted[1::2]
    for x, y in zip(xs, ys, strict=True):
        require_numbers(f"{x} in {name}", arrays[x], PLACE)
        require_as_many(y, arrays[y], f"{x} in {name}", len(arrays[x]), PLACE)
    inputs = _inputs(name, _joined(name, arrays, xs), spec, taken)
    answers = _joined(name, arrays, ys)
    made = targets_of(f"{ys[0]} in {name}", answers, spec, _names(spec, arrays), classes)
    tests = len(arrays["x_test"]) if wanted == HALVES else 0
    own = {"test": np.arange(inputs.number - tests, inputs.number)} if tests else {}
    weights = _weights(path, arrays, spec, xs)
    return Source(name, made.classes, inputs, made.values, own, weights)


def _inputs(name: str, examples: np.ndarray, spec: Data, taken: TensorType) -> ArrayInputs:
    return ArrayInputs(name, channels_first(examples, taken, last=spec.channels_last), taken.dtype)


def _names(spec: Data, arrays: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    return tuple(spec.classes or map(str, np.ravel(arrays.get("classes", ()))))


def _weights(
    path: Path, arrays: Mapping[str, np.ndarray], spec: Data, xs: Sequence[str]
) -> np.ndarray | None:
    """Returns the weights of the examples, which have an array of their own for each part."""
    if spec.sample_weights is None:
        return None
    name, parts = path.stem, []
    for x in xs:
        wanted = spec.sample_weights + x.removeprefix("x")
        if wanted not in arrays:
            raise TrainingError(
                f"{path} has no {wanted}; it holds {', '.join(arrays)}",
                place=("train", "data", "sample_weights"),
            )
        require_as_many(wanted, arrays[wanted], f"{x} in {name}", len(arrays[x]), PLACE)
        parts.append(example_weights(f"{wanted} in {name}", arrays[wanted]))
    return np.concatenate(parts)


def _joined(name: str, arrays: Mapping[str, np.ndarray], parts: Sequence[str]) -> np.ndarray:
    shapes = {part: shape_text(arrays[part].shape[1:]) for part in parts}
    if len(set(shapes.values())) > 1:
        told = ", but ".join(f"{part} in {name} has {shape}" for part, shape in shapes.items())
        raise TrainingError(f"the examples differ in shape: {told}", place=PLACE)
    return np.concatenate([arrays[part] for part in parts])
