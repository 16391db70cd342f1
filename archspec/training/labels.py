"""The names of a data set's classes, without the examples where they can be had without."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from archspec.frontend.train_schema import Data


def class_labels(data: Data) -> tuple[str, ...] | None:
    """Returns the names of the classes: the spec's, the data set's, or those in its archive.

    `None` if there are no names, or what holds them is not there.
    """
    if data.classes:
        return tuple(data.classes)
    with suppress(ModuleNotFoundError):
        if data.dataset:
            from archspec.training.source import shipped

            return shipped(data.dataset).classes
        return _named_in(Path(data.npz)) if data.npz else None
    return None


def _named_in(path: Path) -> tuple[str, ...] | None:
    from archspec.training.archive import read_arrays
    from archspec.training.errors import UnreadableError

    with suppress(UnreadableError):
        names = read_arrays(path).get("classes")
        return None if names is None else tuple(map(str, names.reshape(-1)))
    return None
