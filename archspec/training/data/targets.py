"""What is to be predicted, as numbers: classes by number or one-hot, or values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from archspec.diagnostics.counted import counted
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.train_schema import Data
from archspec.training.errors import TrainingError

MAX_CLASSES = 1_000_000
"""The most classes that are numbered without being named."""

NUMBERED = "number the classes from 0, as integers; or write `targets: values` in train.data"


class Targets(NamedTuple):
    """What is to be predicted of each example.

    Attributes:
        values: The number of its class, int64 `[count]`; or one-hot rows, or values, float32
            `[count, ...]`.
        classes: The names of the classes; none for values.
    """

    values: np.ndarray
    classes: tuple[str, ...]


def targets_of(
    what: str, given: np.ndarray, spec: Data, names: Sequence[str] = (), least: int = 0
) -> Targets:
    """Returns targets as a source has them: text, class numbers, one-hot rows or values.

    Text names classes; whole numbers are those of classes and rows that have a single 1 are
    one-hot, unless the spec says that they are values; all else are values.

    Args:
        what: What a message calls them, such as `y in digits`.
        given: What there is for each example, `[count, ...]`.
        spec: The spec's data section.
        names: The names of the classes, as the source has them; those of the spec count.
        least: The least number of classes, whether or not there is an example of each.

    Raises:
        TrainingError: They are neither classes nor values.
    """
    named = tuple(spec.classes or names)
    if given.dtype.kind in "UO":
        return _named(what, given.reshape(len(given)).astype(str), spec, named)
    if given.dtype.kind not in "biuf":
        raise TrainingError(f"{what} holds {given.dtype}, not numbers")
    if spec.targets != "values":
        if _is_one_hot(given):
            classes = class_names(what, named, given.shape[1])
            return Targets(given.astype(np.float32), classes)
        if _are_numbers(given, said=spec.targets == "classes" or bool(spec.classes)):
            return _numbered(what, given.reshape(-1), named, least)
    return _values(what, given, spec)


def class_numbers(targets: np.ndarray, classes: Sequence[str]) -> np.ndarray | None:
    """Returns the number of each example's class `[count]`; `None` where targets are values."""
    if not classes:
        return None
    return targets if targets.ndim == 1 else targets.argmax(axis=1)


def one_hot_rows(what: str, targets: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Returns classes as one-hot rows, float32 `[count, classes]`; what are rows already stays so.

    Args:
        what: What a message calls the data.
        targets: The number of each example's class `[count]`, or its row.
        classes: The names of the classes.

    Raises:
        TrainingError: They are values.
    """
    if not classes:
        raise TrainingError(
            f"{what} has values, not classes",
            "leave `one_hot` out of train.data",
            place=("train", "data", "one_hot"),
        )
    if targets.ndim > 1:
        return targets
    rows = np.zeros((len(targets), len(classes)), np.float32)
    rows[np.arange(len(targets)), targets] = 1
    return rows


def example_weights(what: str, given: np.ndarray) -> np.ndarray:
    """Returns the weights of examples `[count]`, which may stand in a column.

    Raises:
        TrainingError: They are no weights: numbers from 0, not all of them 0.
    """
    place = ("train", "data", "sample_weights")
    if given.dtype.kind not in "biuf" or given.size != len(given):
        raise TrainingError(f"{what} does not hold one number for each example", place=place)
    weights = given.reshape(-1).astype(np.float32)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise TrainingError(
            f"{what} does not hold weights, which are numbers from 0, not all of them 0",
            place=place,
        )
    return weights


def class_names(what: str, names: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Returns the names of as many classes as there are, which are numbers if they have none.

    Args:
        what: What a message calls that which has the classes.
        names: Their names, if they have any.
        number: The least number of classes that there are.

    Raises:
        TrainingError: There are more classes than names.
    """
    if not names and number <= MAX_CLASSES:
        return tuple(map(str, range(number)))
    if number > len(names):
        known = f"there are names for {len(names)}" if names else f"{MAX_CLASSES:,} is the limit"
        raise TrainingError(
            f"{what} has {counted(number, 'class', 'classes')}, but {known}",
            "number the classes from 0, and name all of them or none",
        )
    return names


def _is_one_hot(given: np.ndarray) -> bool:
    if given.ndim != 2 or given.shape[1] < 2:
        return False
    return bool(((given == 0) | (given == 1)).all() and (given.sum(axis=1) == 1).all())


def _are_numbers(given: np.ndarray, *, said: bool) -> bool:
    """Returns whether these are a whole number for each example, as far as can be seen."""
    if given.shape not in ((len(given),), (len(given), 1)):
        return False
    return given.dtype.kind in "biu" or (said and bool((given == np.rint(given)).all()))


def _numbered(what: str, given: np.ndarray, names: tuple[str, ...], least: int) -> Targets:
    if given.min() < 0:
        raise TrainingError(f"{what} holds other numbers than those of classes", NUMBERED)
    number = max(int(given.max()) + 1, least)
    return Targets(given.astype(np.int64), class_names(what, names, number))


def _named(what: str, given: np.ndarray, spec: Data, names: tuple[str, ...]) -> Targets:
    if spec.targets == "values":
        raise TrainingError(
            f"{what} holds text such as {given[0]!r}, not values",
            place=("train", "data", "targets"),
        )
    names = names or tuple(sorted(set(given.tolist())))
    strange = next((name for name in given.tolist() if name not in names), None)
    if strange is not None:
        raise TrainingError(
            f"{what} holds {strange!r}, which is not one of the classes",
            did_you_mean(strange, names, what="class"),
            place=("train", "data", "classes"),
        )
    numbers = {name: number for number, name in enumerate(names)}
    return Targets(np.array([numbers[name] for name in given.tolist()], np.int64), names)


def _values(what: str, given: np.ndarray, spec: Data) -> Targets:
    if spec.classes or spec.targets == "classes":
        field = "classes" if spec.classes else "targets"
        raise TrainingError(
            f"{what} holds values, not classes",
            f"number the classes from 0, as integers, or leave `{field}` out of train.data",
            place=("train", "data", field),
        )
    with np.errstate(over="ignore"):
        values = given.astype(np.float32)
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not finite.all():
        raise TrainingError(
            f"{what} is NaN or infinite in single precision for example {finite.argmin():,}",
            "replace or leave out these examples",
        )
    return Targets(values[:, np.newaxis] if values.ndim == 1 else values, ())
