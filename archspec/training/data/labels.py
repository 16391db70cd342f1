"""The names of a data set's classes and features, without the examples where that can be."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from archspec.frontend.train_schema import Data


def class_labels(data: Data) -> tuple[str, ...] | None:
    """Returns the names of the classes: the spec's, or those that the source has.

    `None` if there are no names, or what holds them is not there.
    """
    if data.classes:
        return tuple(data.classes)
    if data.targets == "values":
        return None
    with suppress(ModuleNotFoundError):
        return _of_source(data) or None
    return None


def label_names(data: Data, number: int) -> tuple[str, ...]:
    """Returns the names of labels of which an example may have several.

    They are numbers where they have no names.

    Args:
        data: The spec's data section.
        number: How many labels there are.
    """
    named = class_labels(data)
    return named if named and len(named) == number else tuple(map(str, range(number)))


def feature_names(data: Data) -> tuple[str, ...] | None:
    """Returns the names of the numbers of an example, as the columns of a table have them.

    `None` if they have none, or what holds them is not there.
    """
    from archspec.training.data.sources.known import KNOWN
    from archspec.training.errors import TrainingError

    with suppress(ModuleNotFoundError, TrainingError):
        if data.dataset and data.dataset not in KNOWN:
            from archspec.training.data.source import shipped

            return shipped(data.dataset).features or None
        if data.table:
            from archspec.training.data.sources import table

            return table.feature_names(data)
    return None


def _of_source(data: Data) -> tuple[str, ...] | None:
    from archspec.training.data.sources.known import KNOWN
    from archspec.training.errors import TrainingError

    if data.dataset and data.dataset in KNOWN:
        return KNOWN[data.dataset].classes
    with suppress(TrainingError):
        if data.dataset:
            from archspec.training.data.source import shipped

            return shipped(data.dataset).classes
        if data.npz:
            return _named_in(Path(data.npz))
        if data.folder:
            from archspec.training.data.sources import folder

            return folder.class_names(Path(data.folder))
        if data.table:
            from archspec.training.data.sources import table

            return table.class_names(data)
        if data.huggingface:
            from archspec.training.data.sources import huggingface

            return huggingface.class_names(data)
    return None


def _named_in(path: Path) -> tuple[str, ...] | None:
    from archspec.training.data.archive import read_arrays

    names = read_arrays(path).get("classes")
    return None if names is None else tuple(map(str, names.reshape(-1)))
