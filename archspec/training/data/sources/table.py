"""A CSV or Parquet table as a source: a row for each example, a column for each feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from archspec.diagnostics.counted import counted
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.source import UNKNOWN, ArrayInputs, Source
from archspec.training.data.sources.table_file import PARQUET, read_table
from archspec.training.data.targets import Targets, example_weights, targets_of
from archspec.training.data.targets import class_names as names_of
from archspec.training.errors import TrainingError

if TYPE_CHECKING:
    import pyarrow as pa

PLACE = ("train", "data", "table")

MOST_TEXTS = 100
"""A column of more different texts says something else than one of a few kinds."""


def read(spec: Data, taken: TensorType) -> Source:
    """Returns the data set in the table that a spec names.

    Raises:
        UnreadableError: It is not there, or no table.
        TrainingError: A column is not there, or a value is missing or no number.
    """
    assert spec.table is not None  # noqa: S101 - the source that was chosen
    path = Path(spec.table.file)
    table = read_table(path)
    features = spec.table.features or _others(table, spec)
    _require(table, path, [spec.table.target], "target")
    _require(table, path, features, "features")
    if spec.table.target in features:
        raise TrainingError(
            f"{spec.table.target} is the target and one of the features: the network would be "
            "told what it is to find",
            "leave it out of `features`",
            place=(*PLACE, "features"),
        )
    inputs = _inputs(table, path, features, taken)
    what = f"{spec.table.target} in {path.name}"
    made = targets_of(what, _target(table, path, spec.table.target), spec)
    weights = _weights(table, path, spec)
    return Source(
        path.stem, made.classes, inputs, made.values, weights=weights, features=tuple(features)
    )


def examples_in(
    path: Path,
    trained: Data,
    spec: Data,
    taken: TensorType,
    classes: int,
    features: Sequence[str] | None,
) -> Source:
    """Returns the examples in a table that a network is run on, whose targets may be unknown.

    Args:
        path: The table.
        trained: The data section that the network was trained by.
        spec: The same, as it is to be read here.
        taken: What the network takes.
        classes: How many classes it tells apart.
        features: The columns that it takes; all that are no targets if that is not known.

    Raises:
        UnreadableError: It is not there, or no table.
        TrainingError: A column is not there, or a value is missing or no number.
    """
    table = read_table(path)
    target = spec.table.target if spec.table else None
    names = _others(table, trained) if features is None else features
    _require(table, path, names, "features")
    inputs = _inputs(table, path, names, taken)
    if target in table.column_names:
        given = _target(table, path, str(target))
        made = targets_of(f"{target} in {path.name}", given, spec, least=classes)
    else:
        unknown = np.full(inputs.number, UNKNOWN)
        valued = spec.targets == "values"
        named = tuple(spec.classes or ())
        made = Targets(unknown, () if valued else names_of(path.stem, named, classes))
    return Source(path.stem, made.classes, inputs, made.values, features=tuple(names))


def feature_names(spec: Data) -> tuple[str, ...]:
    """Returns the columns of the features in a table.

    Raises:
        UnreadableError: It is not there, or no table.
        TrainingError: Two of its columns have one name.
    """
    assert spec.table is not None  # noqa: S101 - the source that was chosen
    return tuple(spec.table.features or _others(read_table(Path(spec.table.file)), spec))


def class_names(spec: Data) -> tuple[str, ...]:
    """Returns the names of the classes in a table.

    Raises:
        UnreadableError: It is not there, or no table.
        TrainingError: There is no such column, or it holds no classes.
    """
    assert spec.table is not None  # noqa: S101 - the source that was chosen
    path = Path(spec.table.file)
    table = read_table(path)
    _require(table, path, [spec.table.target], "target")
    return targets_of(path.stem, _target(table, path, spec.table.target), spec).classes


def _others(table: pa.Table, spec: Data) -> list[str]:
    """Returns the columns that are no targets and no weights."""
    beside = (spec.table.target if spec.table else None, spec.sample_weights)
    return [name for name in table.column_names if name not in beside]


def _inputs(table: pa.Table, path: Path, names: Sequence[str], taken: TensorType) -> ArrayInputs:
    if not names or not table.num_rows:
        rows = counted(table.num_rows, "row", "rows")
        raise TrainingError(
            f"{path} has {rows} and {counted(len(names), 'feature', 'features')}", place=PLACE
        )
    columns = [_numbers(table, path, name) for name in names]
    return ArrayInputs(path.stem, np.stack(columns, axis=1), taken.dtype)


def _require(table: pa.Table, path: Path, names: Sequence[str], field: str) -> None:
    for name in names:
        if name not in table.column_names:
            raise TrainingError(
                f"{path} has no column {name}",
                did_you_mean(name, table.column_names, what="column"),
                place=("train", "data", field) if field == "sample_weights" else (*PLACE, field),
            )


def _weights(table: pa.Table, path: Path, spec: Data) -> np.ndarray | None:
    name = spec.sample_weights
    if name is None:
        return None
    _require(table, path, [name], "sample_weights")
    return example_weights(f"{name} in {path.name}", _numbers(table, path, name))


def _target(table: pa.Table, path: Path, name: str) -> np.ndarray:
    """Returns a column of text or of numbers; text of one class may be empty nowhere."""
    import pyarrow as pa

    column = _decoded(table.column(name))
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        text: list[str | None] = column.to_pylist()
        _require_there(path, name, [value is None or not value.strip() for value in text])
        return np.array(text, dtype=str)
    return _numbers(table, path, name)


def _numbers(table: pa.Table, path: Path, name: str) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.types as types

    column = _decoded(table.column(name))
    _require_there(path, name, np.asarray(column.is_null(nan_is_null=True)))
    if types.is_decimal(column.type):
        column = column.cast(pa.float64())
    if types.is_boolean(column.type):
        column = column.cast(pa.int64())
    if not (types.is_integer(column.type) or types.is_floating(column.type)):
        at, value = _first_strange(column)
        raise TrainingError(
            f"row {at + 1:,} of {path} has {str(value)!r} for {name}, which is no number",
            _remedy(column, path, name),
            place=PLACE,
        )
    numbers: np.ndarray = column.to_numpy()
    return numbers


def _remedy(column: pa.ChunkedArray, path: Path, name: str) -> str:
    """Returns what to do about a column with text: of few different texts, one-hot columns."""
    texts = column.unique().to_pylist()
    numbers = any(_is_number(text) for text in texts)
    if numbers or len(texts) > min(MOST_TEXTS, len(column) // 2):
        return "mend it, leave the column out by `features`, or make it numbers"
    kind = "parquet" if path.suffix.lower() in PARQUET else "csv"
    last = ", index=False" if kind == "csv" else ""
    return (
        f"make a column of each of its {counted(len(texts), 'text', 'texts')}, in Python: "
        f"pandas.get_dummies(pandas.read_{kind}({path.name!r}), columns=[{name!r}], dtype=int)"
        f".to_{kind}('{path.stem}-numbers{path.suffix}'{last}); or leave it out by `features`"
    )


def _is_number(text: object) -> bool:
    try:
        float(str(text))
    except ValueError:
        return False
    return True


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.types as types

    if types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def _require_there(path: Path, name: str, missing: Sequence[bool] | np.ndarray) -> None:
    rows = np.flatnonzero(missing)
    if rows.size:
        more = f" ({counted(rows.size, 'row', 'rows')} in all)" if rows.size > 1 else ""
        raise TrainingError(
            f"row {rows[0] + 1:,} of {path} has no value for {name}{more}",
            "fill it in, leave the row out, or leave the column out by `features`",
            place=PLACE,
        )


def _first_strange(column: pa.ChunkedArray) -> tuple[int, object]:
    """Returns the place of the first value that is no number, and the value."""
    values = column.to_pylist()
    return next(((at, v) for at, v in enumerate(values) if not _is_number(v)), (0, values[0]))
