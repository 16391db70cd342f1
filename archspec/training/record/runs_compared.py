"""Several runs side by side: settings that differ, metrics, and which run is the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from archspec.ir.totals import totals
from archspec.training.record.figures.canvas import Drawing
from archspec.training.record.figures.curves import overlaid
from archspec.training.record.figures.gradients import compared
from archspec.training.record.gradient_norms import by_depth
from archspec.training.record.measures import (
    STAGES,
    measure_of,
    more_is_better,
    rank,
    shown,
    stage_of,
    title,
)
from archspec.training.record.report import kernels
from archspec.training.record.run_record import RunRecord
from archspec.training.record.same_examples import other_examples
from archspec.training.record.settings import settings, text_of


class Compared(NamedTuple):
    """Runs side by side.

    Attributes:
        labels: What each run is called.
        runs: The runs.
        metrics: The metrics that any of them has, those of the test split last.
        differing: The settings that differ: the value for each run, empty where it has none.
    """

    labels: Sequence[str]
    runs: Sequence[RunRecord]
    metrics: Sequence[str]
    differing: Mapping[str, Sequence[str]]

    def text(self, at: int, metric: str) -> str:
        """Returns a metric of a run for people; of a cross-validation with its spread."""
        results, spread = self.runs[at].results(), self.runs[at].spread()
        if metric not in results:
            return ""
        measure = measure_of(metric)
        told = shown(measure, results[metric])
        return f"{told} ± {shown(measure, spread[metric])}" if metric in spread else told

    def best(self, metric: str) -> frozenset[int]:
        """Returns which runs are the best by a metric; none if all are, or they cannot be told."""
        if self._incomparable(metric):
            return frozenset()
        found = {at: run.results().get(metric, math.nan) for at, run in enumerate(self.runs)}
        known = {at: value for at, value in found.items() if math.isfinite(value)}
        if len(known) < 2 or len(set(known.values())) == 1:
            return frozenset()
        choose = max if more_is_better(measure_of(metric)) else min
        top = choose(known.values())
        return frozenset(at for at, value in known.items() if value == top)

    def unmarked(self) -> list[str]:
        """Returns a note on each reason for which no run is the best by some of the metrics."""
        reasons: dict[str, list[str]] = {}
        for metric in self.metrics:
            if why := self._incomparable(metric):
                reasons.setdefault(why, []).append(metric_title(metric))
        return [f"by {_listed(names)} no run is the best: {why}" for why, names in reasons.items()]

    def _incomparable(self, metric: str) -> str:
        """Returns why runs cannot be compared by a metric; empty if they can."""
        having = [run.train for run in self.runs if metric in run.results()]
        if len(having) < 2:
            return ""
        others = other_examples(having, stage_of(metric))
        if others:
            return f"they were judged on different examples ({', '.join(others)})"
        losses = dict.fromkeys(train.loss.name for train in having)
        if measure_of(metric).endswith("loss") and len(losses) > 1:
            return f"they have different losses ({', '.join(losses)})"
        return ""

    def curves(self) -> tuple[bytes, Sequence[Drawing], Sequence[str]] | None:
        """Returns the learning curves in one PNG file, each panel by itself, and their titles.

        The folds of a cross-validation have curves of their own. `None` if there are none.
        """
        rows = {label: run.rows for label, run in self._singles() if run.rows}
        return overlaid(rows) if rows else None

    def gradients(self) -> Drawing | None:
        """Returns the gradient norms by layer, if any of the runs has some."""
        norms = {
            label: found
            for label, run in self._singles()
            if (found := by_depth(run.norms, kernels(run.compiled.graph))) is not None
        }
        return compared(norms) if norms else None

    def _singles(self) -> list[tuple[str, RunRecord]]:
        return [
            (f"{label} {single.directory.name}" if run.folds else label, single)
            for label, run in zip(self.labels, self.runs, strict=True)
            for single in (run.folds or [run])
        ]


def side_by_side(runs: Sequence[RunRecord]) -> Compared:
    """Returns runs side by side."""
    names = dict.fromkeys(name for run in runs for name in run.results())
    metrics = sorted(names, key=lambda n: (STAGES.index(stage_of(n)), rank(measure_of(n))))
    described = [_described(run) for run in runs]
    keys = dict.fromkeys(key for each in described for key in each)
    values = {key: [each.get(key, "") for each in described] for key in keys}
    return Compared(
        labels=_labels([run.directory for run in runs]),
        runs=runs,
        metrics=metrics,
        differing={key: each for key, each in values.items() if len(set(each)) > 1},
    )


def metric_title(metric: str) -> str:
    """Returns what a metric is called in print, such as `validation accuracy`."""
    return f"{stage_of(metric)} {title(measure_of(metric))}"


def _described(run: RunRecord) -> dict[str, str]:
    graph = run.compiled.graph
    sums = totals(graph)
    return {
        "network": graph.stem,
        "parameters": f"{sums.params:,}",
        "multiply-adds": f"{sums.macs:,}" if isinstance(sums.macs, int) else str(sums.macs),
        "depth": str(sums.depth),
        **_parameters(run),
        **settings(run.train),
    }


def _parameters(run: RunRecord) -> dict[str, str]:
    """Returns the parameters of the spec that are plain values."""
    spec = run.compiled.spec
    return {
        f"params.{name}": text_of(value) for name, value in (spec.params if spec else {}).items()
    }


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _labels(directories: Sequence[Path]) -> list[str]:
    """Returns short names of directories: their last parts, as many as tell them apart."""
    parts = [path.absolute().parts for path in directories]
    for number in range(1, max(map(len, parts)) + 1):
        labels = ["/".join(part[-number:]) for part in parts]
        if len(set(labels)) == len(set(parts)):
            break
    return labels
