"""The tables that files hold: Parquet, and CSV as spreadsheets write it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.training.errors import TrainingError, UnreadableError

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv")
DELIMITERS = ",;\t"
ENCODINGS = ("utf-8", "cp949")
"""What text is in; the second is what Korean spreadsheets write."""

PLACE = ("train", "data", "table", "file")


def is_table(path: Path) -> bool:
    """Returns whether a file is a table, as its name says."""
    return path.suffix.lower() in (*PARQUET, *TEXT)


def read_table(path: Path) -> pa.Table:
    """Returns the table in a file.

    Raises:
        UnreadableError: It is not there, or holds no table.
        TrainingError: Two of its columns have one name.
    """
    try:
        import pyarrow as pa
    except ModuleNotFoundError as error:
        raise UnreadableError(
            "`table` needs the library pyarrow, which is not installed",
            "pip install 'archspec-nn[tables]'",
            place=PLACE[:-1],
        ) from error
    try:
        table = _parquet(path) if path.suffix.lower() in PARQUET else _csv(path)
    except pa.ArrowInvalid as error:
        told = str(error).splitlines()[0].removeprefix("CSV parse error: ")
        raise UnreadableError(f"{path} holds no table: {told}", place=PLACE) from error
    except (UnicodeDecodeError, pa.ArrowNotImplementedError) as error:
        raise UnreadableError(
            f"{path} holds no table that can be read", "save it as UTF-8", place=PLACE
        ) from error
    except OSError as error:
        told = error.strerror or str(error).splitlines()[0]
        raise UnreadableError(f"cannot read {path}: {told}", place=PLACE) from error
    twice = [name for name, number in Counter(table.column_names).items() if number > 1]
    if twice:
        raise TrainingError(f"{path} has two columns {twice[0]}", "rename one", place=PLACE)
    return table


def _parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as parquet

    return parquet.read_table(path)


def _csv(path: Path) -> pa.Table:
    import pyarrow.csv as csv

    with path.open("rb") as file:
        head = file.readline(2**20)
    encoding = _encoding(path)
    line = head.decode(encoding, errors="replace")
    delimiter = max(DELIMITERS, key=line.count)
    return csv.read_csv(
        path,
        csv.ReadOptions(encoding=encoding),
        csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
    )


def _encoding(path: Path) -> str:
    """Returns what the text of a file is in, as far as its bytes allow."""
    for encoding in ENCODINGS[:-1]:
        try:
            with path.open(encoding=encoding) as file:
                for _ in file:
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    return ENCODINGS[-1]
