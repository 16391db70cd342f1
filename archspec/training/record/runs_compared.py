"""Several runs side by side: settings that differ, metrics, and which run is the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from archspec.ir.totals import totals
from archspec.training.record.figures.canvas import SERIES, Drawing
from archspec.training.record.figures.curves import DASHES, Curve, panels_of
from archspec.training.record.figures.gradients import compared
from archspec.training.record.gradient_norms import Norms, by_depth
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
from archspec.training.record.same_examples import other_examples, other_loss
from archspec.training.record.settings import mere_defaults, settings, text_of


class Look(NamedTuple):
    """How the curves of a run are drawn.

    Attributes:
        colour: Their colour.
        dash: Their dashes.
    """

    colour: str
    dash: str


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
        judged = finished_folds(self.runs[at])
        results, spread = judged.results(), judged.spread()
        if metric not in results:
            return ""
        measure = measure_of(metric)
        told = shown(measure, results[metric])
        return f"{told} ± {shown(measure, spread[metric])}" if metric in spread else told

    def best(self, metric: str) -> frozenset[int]:
        """Returns which runs are the best by a metric; none if all are, or they cannot be told.

        A cross-validation with folds to come is none of them.
        """
        if self._incomparable(metric):
            return frozenset()
        found = {
            at: run.results().get(metric, math.nan)
            for at, run in enumerate(self.runs)
            if run.finished or not run.folds
        }
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
        having = [run for run in self.runs if metric in finished_folds(run).results()]
        if len(having) < 2:
            return ""
        others = other_examples([run.train for run in having], stage_of(metric))
        if others:
            return f"they were judged on different examples ({', '.join(others)})"
        losses = other_loss([(run.train, run.compiled.graph) for run in having], metric)
        return f"they have different losses ({'; '.join(losses)})" if losses else ""

    def curves(self) -> tuple[bytes, Sequence[Drawing], Sequence[str]] | None:
        """Returns the learning curves in one PNG file, each panel by itself, and their titles.

        The folds of a cross-validation have curves of their own, all in its colour. `None` if
        there are none.
        """
        singles = self._singles()
        found = {name for _, _, run in singles for row in run.rows for name in row}
        names = sorted(filter(stage_of, found), key=lambda n: (rank(measure_of(n)), stage_of(n)))
        panels = {
            metric_title(name): [
                curve
                for label, look, run in singles
                if (curve := _curve(label, look, name, run.rows)).epochs
            ]
            for name in names
        }
        return (*panels_of(panels, None), list(panels)) if panels else None

    def gradients(self) -> Drawing | None:
        """Returns the gradient norms by layer, if any of the runs has some."""
        norms = self._norms()
        return compared(aligned(norms) or norms) if norms else None

    def said_of_layers(self) -> str:
        """Returns how the layers of different networks stand in the gradient norms."""
        norms = self._norms()
        if len({tuple(each.layers) for each in norms.values()}) < 2:
            return ""
        if aligned(norms) is None:
            return (
                "Their layers have different names, so those of each run are counted by themselves."
            )
        return (
            "Layers of one name stand at one place; a run has a gap where it has no such layer, or "
            "none that learns."
        )

    def _norms(self) -> Mapping[str, Norms]:
        return {
            label: found
            for label, _, run in self._singles()
            if (found := by_depth(run.norms, kernels(run.compiled.graph))) is not None
        }

    def _singles(self) -> list[tuple[str, Look, RunRecord]]:
        """Returns the runs and folds that have curves, with what they are called and look like."""
        return [
            (
                f"{label} {single.directory.name}" if run.folds else label,
                Look(SERIES[at % len(SERIES)], DASHES[(at // len(SERIES) + fold) % len(DASHES)]),
                single,
            )
            for at, (label, run) in enumerate(zip(self.labels, self.runs, strict=True))
            for fold, single in enumerate(run.folds or [run])
        ]


def side_by_side(runs: Sequence[RunRecord]) -> Compared:
    """Returns runs side by side."""
    names = dict.fromkeys(name for run in runs for name in finished_folds(run).results())
    metrics = sorted(names, key=lambda n: (STAGES.index(stage_of(n)), rank(measure_of(n))))
    described = [_described(run) for run in runs]
    keys = dict.fromkeys(key for each in described for key in each)
    values = {key: [each.get(key, "") for each in described] for key in keys}
    unsaid = [mere_defaults(run.train) for run in runs]
    told = [each.keys() - mere for each, mere in zip(described, unsaid, strict=True)]
    return Compared(
        labels=_labels([run.directory for run in runs]),
        runs=runs,
        metrics=metrics,
        differing={
            key: each
            for key, each in values.items()
            if len(set(each)) > 1 and (all(each) or any(key in names for names in told))
        },
    )


def finished_folds(run: RunRecord) -> RunRecord:
    """Returns a cross-validation with its finished folds only; any other run as it is."""
    return run._replace(folds=[fold for fold in run.folds if fold.finished])


def aligned(runs: Mapping[str, Norms]) -> Mapping[str, Norms] | None:
    """Returns gradient norms in which layers of one name stand at one place in all runs.

    A layer that a run does not have has no numbers there. `None` if the runs have less than half
    of the layers of the smallest in common.

    Args:
        runs: The norms of each run's layers, in the order of its network.
    """
    orders = [norms.layers for norms in runs.values()]
    common = set(orders[0]).intersection(*orders)
    if 2 * len(common) < min(map(len, orders)):
        return None
    places: list[str] = []
    for layers in sorted(orders, key=len, reverse=True):
        at = 0
        for layer in layers:
            if layer in places:
                at = places.index(layer) + 1
            else:
                places.insert(at, layer)
                at += 1
    return {label: _at_places(norms, places) for label, norms in runs.items()}


def _at_places(norms: Norms, places: Sequence[str]) -> Norms:
    known = {layer: at for at, layer in enumerate(norms.layers)}
    values = [
        [row[known[layer]] if layer in known else math.nan for layer in places]
        for row in norms.values
    ]
    return Norms(norms.steps, places, values)


def _curve(label: str, look: Look, name: str, rows: Sequence[Mapping[str, float]]) -> Curve:
    points = [(row["epoch"], row[name]) for row in rows if math.isfinite(row.get(name, math.nan))]
    return Curve(label, look.colour, [x for x, _ in points], [y for _, y in points], look.dash)


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
