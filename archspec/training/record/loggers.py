"""Where the metrics of epochs go: `metrics.csv`, a row for each, and TensorBoard's files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from archspec.backends.whole_file import write_whole
from archspec.training.errors import UnreadableError
from archspec.training.record.uninterrupted import uninterrupted

METRICS_CSV = "metrics.csv"
TENSORBOARD = "tensorboard"
"""The directory within a run's that `tensorboard --logdir` is for."""

FIRST = ("epoch", "lr", "step")
"""The columns before the metrics."""


def loggers(directory: Path, resumed: int | None = None) -> list[Logger]:
    """Returns what logs the metrics of a run's epochs.

    Args:
        directory: The run directory.
        resumed: After how many epochs the run is resumed; what was logged of later ones is void.
    """
    table = EpochTable(directory)
    board = Board(
        directory,
        name=TENSORBOARD,
        version="",
        default_hp_metric=False,
        purge_step=None if resumed is None else table.step_of(resumed) + 1,
    )
    return [table, board]


class EpochTable(Logger):
    """A CSV file with a row for each epoch, which a resumed run goes on with.

    Lightning's own begins a new file each time.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._path = directory / METRICS_CSV
        self._rows = read_rows(self._path)
        self._columns = [*self._rows[0]] if self._rows else []

    @property
    def name(self) -> str:
        """The name, which it has none of."""
        return ""

    @property
    def version(self) -> str:
        """The version, which it has none of."""
        return ""

    def step_of(self, epoch: int) -> int:
        """Returns how many steps had been made after an epoch; 0 if there is no row of it."""
        steps = (int(row["step"]) for row in self._rows if float(row["epoch"]) == epoch)
        return next(steps, 0)

    @rank_zero_only
    def log_hyperparams(self, *_args: Any, **_kwargs: Any) -> None:  # noqa: ANN401
        """Does nothing: the spec says them."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Writes the row of an epoch; rows of this and later epochs are void.

        Args:
            metrics: The metrics with `epoch`, from 1; without, they are no row.
            step: The steps made so far.

        Raises:
            OSError: It cannot be written; the rows before it are kept.
        """
        if "epoch" not in metrics:
            return
        row = {**metrics, "step": step}
        kept = [known for known in self._rows if float(known["epoch"]) < metrics["epoch"]]
        new = row.keys() - set(self._columns)
        self._columns = _ordered([*self._columns, *new])
        goes_on = len(kept) == len(self._rows) and not new
        self._rows = [*kept, {name: _text(value) for name, value in row.items()}]
        if goes_on:
            self._append(self._rows[-1])
        else:
            write_whole(self._path, self._csv(self._rows, header=True))

    def _append(self, row: Mapping[str, str]) -> None:
        """Adds a row; writing all of them each time would take longer with each epoch."""
        left = memoryview(self._csv([row], header=False))
        with self._path.open("r+b", buffering=0) as file:
            end = file.seek(0, io.SEEK_END)
            try:
                while left:
                    left = left[file.write(left) :]
            except OSError:
                file.truncate(end)
                raise

    def _csv(self, rows: list[dict[str, str]] | list[Mapping[str, str]], *, header: bool) -> bytes:
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns, restval="", lineterminator="\n")
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()


class Board(TensorBoardLogger):
    """TensorBoard's files.

    A thread writes them. Where a signal interrupts what is put into its queue, whoever waits for
    the thread waits for two minutes.
    """

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Writes the metrics of an epoch."""
        with uninterrupted():
            super().log_metrics(metrics, step)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Returns the rows of a `metrics.csv`, none if there is no such file.

    Raises:
        UnreadableError: The file is damaged.
        OSError: It cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:  # one that is cut off has too few, or no numbers
            _ = [float(text) for text in row.values() if text], row["epoch"], row["step"]
    except FileNotFoundError:
        return []
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise UnreadableError(
            f"{path} is damaged: it is no table of numbers for each epoch",
            "take its last lines away, or train the network again",
        ) from error
    return rows


def _ordered(columns: list[str]) -> list[str]:
    first = [name for name in FIRST if name in columns]
    return [*first, *sorted(set(columns) - set(first))]


def _text(value: object) -> str:
    return "" if value is None else str(value)
