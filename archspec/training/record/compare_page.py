"""The page of `archspec compare`: runs side by side, with their curves."""

from __future__ import annotations

from importlib.metadata import version

from archspec.diagnostics.counted import counted
from archspec.training.record.pages import inline, render
from archspec.training.record.report_page import duration
from archspec.training.record.run_record import RunRecord
from archspec.training.record.runs_compared import Compared, metric_title


def compare_page(compared: Compared) -> bytes:
    """Returns the page, as the content of an HTML file."""
    curves, gradients = compared.curves(), compared.gradients()
    best = {metric: compared.best(metric) for metric in compared.metrics}
    rows = [
        {
            "metric": metric_title(metric),
            "cells": [
                {"text": compared.text(at, metric), "best": at in best[metric]}
                for at in range(len(compared.runs))
            ],
        }
        for metric in compared.metrics
    ]
    return render(
        "compare.html",
        title=f"Comparison of {counted(len(compared.runs), 'run', 'runs')}",
        notes=[*unfinished(compared), *compared.unmarked()],
        labels=compared.labels,
        states=[run.state for run in compared.runs],
        rows=rows,
        times=[_time(run) for run in compared.runs],
        marked=any(best.values()),
        folds=any(run.folds for run in compared.runs),
        differing=compared.differing.items(),
        curves=[(name, inline(c.svg)) for name, c in zip(curves[2], curves[1], strict=True)]
        if curves
        else [],
        gradients=inline(gradients.svg) if gradients else None,
        said_of_layers=compared.said_of_layers(),
        version=version("archspec-nn"),
    )


def unfinished(compared: Compared) -> list[str]:
    """Returns a note on each run that has not come to its end."""
    return [
        f"{label} is {run.state}; its metrics are those of "
        + ("its finished folds, and it is never the best" if run.folds else "its best epoch so far")
        for label, run in zip(compared.labels, compared.runs, strict=True)
        if not run.finished
    ]


def _time(run: RunRecord) -> str:
    seconds = (run.metrics or {}).get("duration_s")
    return "" if seconds is None else duration(seconds)
