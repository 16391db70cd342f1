"""`report.html` of a cross-validation: mean and spread, every fold, and their curves together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from archspec.backends.whole_file import write_all_whole
from archspec.diagnostics.counted import counted
from archspec.training.record.figures.canvas import Drawing
from archspec.training.record.measures import STAGES, measure_of, shown, stage_of
from archspec.training.record.pages import inline, render
from archspec.training.record.report import REPORT
from archspec.training.record.report_page import duration
from archspec.training.record.run_directory import SPEC
from archspec.training.record.run_record import RunRecord, fold_of, read_run
from archspec.training.record.runs_compared import Compared, metric_title, side_by_side
from archspec.training.record.settings import settings


def write_folds_report(directory: Path) -> None:
    """Writes the page about a finished cross-validation, and the curves of its folds.

    Args:
        directory: The run directory, with those of the folds and its `metrics.json`.

    Raises:
        UnreadableError: One of their files is damaged.
        OSError: They cannot be written; none of them is then.
    """
    run = read_run(directory)
    compared = side_by_side(run.folds)._replace(labels=[_name(fold) for fold in run.folds])
    curves, gradients = compared.curves(), compared.gradients()
    files = {directory / REPORT: [_page(run, compared, curves and curves[1:], gradients)]}
    if curves is not None:
        files[directory / "curves.png"] = [curves[0]]
    write_all_whole(files)


def _page(
    run: RunRecord,
    compared: Compared,
    curves: tuple[Sequence[Drawing], Sequence[str]] | None,
    gradients: Drawing | None,
) -> bytes:
    graph, metrics = run.compiled.graph, run.metrics or {}
    means, spread = run.results(), run.spread()
    names = [name for name in compared.metrics if name in means]
    drawn, titles = curves or ((), ())
    return render(
        "folds.html",
        title=graph.title or graph.name,
        subtitle=_subtitle(run),
        cards=_cards(run),
        notes=["The test split is in none of the folds, and was not looked at."]
        if run.train.data.split.test
        else [],
        metrics=[metric_title(name) for name in names],
        rows=[
            {
                "label": label,
                "link": f"{fold.directory.name}/{REPORT}",
                "state": fold.state,
                "cells": [shown(measure_of(name), fold.results()[name]) for name in names],
                "time": duration((fold.metrics or {})["duration_s"]),
            }
            for label, fold in zip(compared.labels, compared.runs, strict=True)
        ],
        means=[shown(measure_of(name), means[name]) for name in names],
        spread=[shown(measure_of(name), spread[name]) for name in names],
        selected_by=metrics["selected_by"],
        time=duration(metrics["duration_s"]),
        curves=[(name, inline(one.svg)) for name, one in zip(titles, drawn, strict=True)],
        gradients=inline(gradients.svg) if gradients else None,
        settings=settings(run.train).items(),
        spec=(run.directory / SPEC).read_text(encoding="utf-8"),
        version=version("archspec-nn"),
    )


def _name(fold: RunRecord) -> str:
    return f"fold {(fold_of(fold.directory) or 0) + 1}"


def _subtitle(run: RunRecord) -> str:
    metrics, variant = run.metrics or {}, run.compiled.graph.variant
    said = [f"variant {variant}"] if variant else []
    number = counted(len(run.folds), "fold", "folds")
    return " · ".join([*said, f"cross-validation on {metrics['dataset']}, {number}"])


def _cards(run: RunRecord) -> Iterator[tuple[str, str]]:
    """Yields mean and spread of the metrics of what was validated, the loss last."""
    means, spread = run.results(), run.spread()
    stage = next(s for s in reversed(STAGES) if any(stage_of(name) == s for name in means))
    names = [name for name in means if stage_of(name) == stage]
    for name in sorted(names, key=lambda name: measure_of(name) == "loss")[:4]:
        measure = measure_of(name)
        yield f"{shown(measure, means[name])} ± {shown(measure, spread[name])}", metric_title(name)
