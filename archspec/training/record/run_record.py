"""A run directory read back: its spec, what it has measured, and whether it has come to its end."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from archspec.frontend import Compiled, compile_spec
from archspec.frontend.train_schema import TrainSpec
from archspec.training.errors import TrainingError, UnreadableError
from archspec.training.record.gradient_norms import Norms, read_norms
from archspec.training.record.loggers import METRICS_CSV, read_rows
from archspec.training.record.measures import STAGES, measure_of, more_is_better
from archspec.training.record.run_directory import METRICS, SPEC, read_json

_FOLD = re.compile(r"fold-([1-9]\d*)")
_RESULTS = TypeAdapter(list[dict[str, float]])
_EPOCHS = TypeAdapter(list[int])


class RunRecord(NamedTuple):
    """A run, finished or not.

    Attributes:
        directory: Its directory.
        compiled: Its spec.
        train: The spec's `train` section.
        metrics: The content of its `metrics.json`; `None` if it is not finished.
        rows: The metrics of each epoch.
        norms: The gradient norms of its layers, if there are any.
        folds: The runs of its folds, if it is a cross-validation.
    """

    directory: Path
    compiled: Compiled
    train: TrainSpec
    metrics: Mapping[str, Any] | None
    rows: Sequence[Mapping[str, float]]
    norms: Norms | None
    folds: Sequence[RunRecord]

    @property
    def finished(self) -> bool:
        """Whether the run has come to its end, with all of its folds."""
        if self.folds:
            return all(fold.finished for fold in self.folds) and self.metrics is not None
        return self.metrics is not None

    @property
    def state(self) -> str:
        """How far the run has come, in words."""
        if self.folds:
            done = sum(fold.finished for fold in self.folds)
            known = self.train.data.split.folds or len(self.folds)
            return f"{'' if self.finished else 'unfinished: '}{done} of {known} folds"
        if self.metrics is not None:
            return f"epoch {self.metrics['selected_epoch']} of {len(self.rows)}"
        return f"unfinished: {len(self.rows)} of {self.train.epochs} epochs"

    def results(self) -> dict[str, float]:
        """Returns the metrics of the selected epoch and of the test split, by name.

        Those of a cross-validation are means over its folds; those of an unfinished run are of
        the epoch that is the best so far.
        """
        if self.folds:
            each = [fold.results() for fold in self.folds]
            names = [name for name in each[0] if all(name in one for one in each)]
            return {name: statistics.fmean(one[name] for one in each) for name in names}
        if self.metrics is None:
            return dict(_best(self.rows, self.train.monitor))
        return {
            f"{stage}_{measure}": value
            for stage in STAGES
            for measure, value in self.metrics.get(stage, {}).items()
        }

    def spread(self) -> dict[str, float]:
        """Returns the standard deviation of each metric over the folds, if there are several."""
        if len(self.folds) < 2:
            return {}
        each = [fold.results() for fold in self.folds]
        return {name: statistics.stdev(one[name] for one in each) for name in self.results()}


def read_run(directory: Path) -> RunRecord:
    """Returns what there is of a run.

    Raises:
        UnreadableError: There is no such run, or one of its files is damaged.
        TrainingError: Its spec has nothing to train.
        SpecError: Its spec has errors.
        OSError: A file cannot be read.
    """
    if not (directory / SPEC).is_file():
        what = f"has no {SPEC}" if directory.is_dir() else "is not there"
        raise UnreadableError(
            f"{directory} is no run: it {what}" if directory.is_dir() else f"{directory} {what}",
            "give the directory that `archspec train` named as `run:`",
        )
    compiled = compile_spec(str(directory / SPEC), allow_outside=True)
    if compiled.train is None:
        raise TrainingError(f"{directory / SPEC} has no `train` section")
    folds = {number: path for path in directory.iterdir() if (number := fold_of(path)) is not None}
    return RunRecord(
        directory=directory,
        compiled=compiled,
        train=compiled.train,
        metrics=_metrics(directory / METRICS),
        rows=_rows(directory / METRICS_CSV),
        norms=_norms(directory),
        folds=[read_run(path) for _, path in sorted(folds.items()) if (path / SPEC).is_file()],
    )


def fold_of(directory: Path) -> int | None:
    """Returns which fold of a cross-validation a directory is of, from 0, if it is of one."""
    found = _FOLD.fullmatch(directory.absolute().name)
    return int(found[1]) - 1 if found else None


def _metrics(path: Path) -> Mapping[str, Any] | None:
    content = read_json(path)
    if content is None:
        return None
    try:
        _RESULTS.validate_python([content.get(stage, {}) for stage in STAGES])
        _EPOCHS.validate_python(content.get("selected_epochs", [content.get("selected_epoch")]))
    except ValidationError as error:
        raise UnreadableError(
            f"{path} is damaged: it does not hold the results of a run", "train the network again"
        ) from error
    return content


def _rows(path: Path) -> list[dict[str, float]]:
    return [{name: float(text) for name, text in row.items() if text} for row in read_rows(path)]


def _norms(directory: Path) -> Norms | None:
    try:
        return read_norms(directory)
    except ValueError as error:
        raise UnreadableError(
            f"the gradient norms in {directory} are damaged: {error}", "train the network again"
        ) from error


def _best(rows: Sequence[Mapping[str, float]], monitor: str) -> Mapping[str, float]:
    """Returns the metrics of the epoch that would be selected."""
    known = [row for row in rows if math.isfinite(row.get(monitor, math.nan))]
    if not known:
        row = rows[-1] if rows else {}
    else:
        choose = max if more_is_better(measure_of(monitor)) else min
        row = choose(known, key=lambda each: each[monitor])
    return {name: value for name, value in row.items() if name.startswith(STAGES)}
