"""What the columns of a table hold: how many values each has, and from where to where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from archspec.frontend.train_schema import Data
from archspec.training.data.source import Source
from archspec.training.data.sources.table_file import read_table

if TYPE_CHECKING:
    import pyarrow as pa


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: Its name.
        kind: `numbers`, `text`, or what else the file says.
        missing: How many rows have no value.
        different: How many different values there are.
        lowest: The least number; `None` where there are none.
        highest: The greatest.
        mean: Their mean.
        std: Their standard deviation.
    """

    name: str
    kind: str
    missing: int
    different: int
    lowest: float | None = None
    highest: float | None = None
    mean: float | None = None
    std: float | None = None


def columns_of_file(spec: Data) -> list[Column]:
    """Returns the columns of the table that a spec names, which need not be fit to train on.

    None if it names no table.

    Raises:
        UnreadableError: It is not there, or no table.
        TrainingError: Two of its columns have one name.
    """
    if spec.table is None:
        return []
    table = read_table(Path(spec.table.file))
    return [_of_file(name, table.column(name)) for name in table.column_names]


def columns_of_source(source: Source) -> list[Column]:
    """Returns the columns of a data set that has names for the numbers of its examples."""
    if not source.features:
        return []
    rows = source.inputs.read(np.arange(source.inputs.number)).numpy()
    return [_of_numbers(name, rows[:, at]) for at, name in enumerate(source.features)]


def _of_file(name: str, column: pa.ChunkedArray) -> Column:
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if types.is_decimal(column.type):
        column = column.cast(pa.float64())
    missing = int(np.asarray(column.is_null(nan_is_null=True)).sum())
    there = column.drop_null()
    if types.is_integer(column.type) or types.is_floating(column.type):
        return _of_numbers(name, there.to_numpy(), missing)
    text = types.is_string(column.type) or types.is_large_string(column.type)
    return Column(name, "text" if text else str(column.type), missing, len(there.unique()))


def _of_numbers(name: str, values: np.ndarray, missing: int = 0) -> Column:
    known: Sequence[float] | np.ndarray = values[~np.isnan(values)]
    told = Column(name, "numbers", missing, len(np.unique(known)))
    if not len(known):
        return told
    wide = np.asarray(known, np.float64)
    return told._replace(
        lowest=float(wide.min()),
        highest=float(wide.max()),
        mean=float(wide.mean()),
        std=float(wide.std()),
    )
