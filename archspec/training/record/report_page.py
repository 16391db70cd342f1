"""`report.html`: one page about a run, with all that there is to see of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import torch
from markupsafe import Markup

from archspec.analysis.summary import as_json, heading
from archspec.diagnostics.counted import counted
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.ir.totals import totals
from archspec.training.data.dataset import Dataset
from archspec.training.record.class_results import ClassResult
from archspec.training.record.diagram import diagram
from archspec.training.record.measures import STAGES, rank, shown, title
from archspec.training.record.pages import inline, render
from archspec.training.record.settings import settings

_WIDEST = 9.0
"""The width of the bar of the most frequent class, in rem."""


class Page(NamedTuple):
    """What a report shows beside its spec and its data.

    Attributes:
        metrics: The content of `metrics.json`.
        environment: The content of `environment.json`.
        resolved: The resolved spec.
        notes: What its reader should be told first.
        phases: The cells of the table of phases, a row each; none if the run has none.
        fold: Which fold of a cross-validation the run is, such as `fold 2 of 5`; or empty.
        judged_split: The split that the following are of.
        classes: The results of each class, or label; none for values.
        of_what: What precision, recall, F1 and AUC are of.
        curves: Title and `<svg>` element of each panel.
        matrix: The confusion matrix, an `<svg>` element, if there is one.
        scatter: Predicted and true values, likewise.
        pictures: The predictions as pictures; none if examples are no pictures.
        predictions: A note on the pictures; or the predictions as a table, with one.
        gradients: The gradient norms, an `<svg>` element, if there are any.
    """

    metrics: Mapping[str, Any]
    environment: Mapping[str, Any]
    resolved: str
    notes: Sequence[str]
    phases: Sequence[Sequence[str]]
    fold: str
    judged_split: str
    classes: Sequence[ClassResult]
    of_what: str
    curves: Sequence[tuple[str, str]]
    matrix: str | None
    scatter: str | None
    pictures: Sequence[Mapping[str, object]]
    predictions: Mapping[str, object] | None
    gradients: str | None


def report_page(graph: Graph, spec: TrainSpec, data: Dataset, page: Page) -> bytes:
    """Returns the page, as the content of an HTML file.

    Args:
        graph: The network.
        spec: Its `train` section.
        data: The data set.
        page: What the page shows of the run.
    """
    metrics = page.metrics
    drawn = diagram(graph)
    notes = [*page.notes]
    if drawn is None:
        notes.append("The network is not drawn, as Graphviz is not installed or has failed.")
    return render(
        "report.html",
        title=graph.title or graph.name,
        subtitle=_subtitle(graph, data, page),
        whole="../report.html" if page.fold else "",
        cards=_cards(graph, metrics),
        notes=notes,
        metrics=metrics,
        phases=page.phases,
        **_results(metrics),
        judged_split=page.judged_split,
        classes=page.classes,
        of_what=page.of_what,
        of_each="class" if data.classes else "label",
        curves=[(name, inline(svg)) for name, svg in page.curves],
        matrix=_maybe(page.matrix),
        scatter=_maybe(page.scatter),
        pictures=page.pictures,
        predictions=page.predictions,
        gradients=_maybe(page.gradients),
        network={
            "heading": heading(graph),
            "diagram": _maybe(drawn),
            "layers": [*_layers(graph)],
        },
        data=_data(data),
        settings=settings(spec).items(),
        spec=page.resolved,
        environment=_environment(page.environment),
        version=version("archspec-nn"),
    )


def _maybe(svg: str | None) -> Markup | None:
    return None if svg is None else inline(svg)


def _subtitle(graph: Graph, data: Dataset, page: Page) -> str:
    said = [f"variant {graph.variant}"] if graph.variant else []
    said += [page.fold] if page.fold else []
    return " · ".join([*said, f"trained on {data.name}", str(page.environment["started"])])


def _cards(graph: Graph, metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    stage = next(stage for stage in reversed(STAGES) if stage in metrics)
    for measure, value in [*metrics[stage].items()][1:3]:
        yield shown(measure, value), f"{stage} {title(measure)}"
    yield shown("loss", metrics[stage]["loss"]), f"{stage} loss"
    sums = totals(graph)
    yield f"{sums.params:,}", "parameters"
    yield f"{sums.macs:,}" if isinstance(sums.macs, int) else str(sums.macs), "multiply-adds"
    yield duration(metrics["duration_s"]), f"on {metrics['device']}"


def _results(metrics: Mapping[str, Any]) -> dict[str, object]:
    stages = [stage for stage in STAGES if stage in metrics]
    measures = sorted({name for stage in stages for name in metrics[stage]}, key=rank)
    rows = [
        {
            "name": stage,
            "examples": f"{metrics['splits'][stage]:,}",
            "values": [
                shown(name, metrics[stage][name]) if name in metrics[stage] else ""
                for name in measures
            ],
        }
        for stage in stages
    ]
    return {"measures": [title(name) for name in measures], "results": rows}


def _layers(graph: Graph) -> Iterator[dict[str, object]]:
    for layer in as_json(graph, (), ok=True, file="")["layers"]:
        remarks = ["training only"] if layer["training_only"] else []
        remarks += [f"weights of {layer['shares']}"] if layer["shares"] else []
        remarks += ["frozen"] if layer["frozen"] and layer["params"] else []
        yield {
            "path": layer["name"],
            "op": layer["op"] + (f" ({', '.join(remarks)})" if remarks else ""),
            "output": ", ".join("×".join(map(str, shape)) for shape in layer["output_shapes"]),
            "params": _count(layer["params"]),
            "macs": _count(layer["macs"]),
            "training_only": layer["training_only"],
        }


def _count(number: int | str) -> str:
    return (f"{number:,}" if isinstance(number, int) else number) if number else ""


def _data(data: Dataset) -> dict[str, object]:
    splits = {name: examples for name, examples in data.splits.items() if examples.number}
    sizes = ", ".join(f"{examples.number:,} {name}" for name, examples in splits.items())
    classes = f", {counted(len(data.classes), 'class', 'classes')}" if data.classes else ""
    counts = {name: _counts(e.targets, len(data.classes)) for name, e in splits.items()}
    rows = []
    if data.classes and all(count is not None for count in counts.values()):
        train = counts["train"] or [0] * len(data.classes)
        rows = [
            {
                "name": name,
                "counts": [(count or [])[at] for count in counts.values()],
                "share": train[at] / max(1, sum(train)),
                "width": _WIDEST * train[at] / max(1, *train),
            }
            for at, name in enumerate(data.classes)
        ]
    return {
        "heading": f"{data.name}: {sizes} examples{classes}",
        "splits": list(splits),
        "counts": rows,
    }


def _counts(targets: torch.Tensor, classes: int) -> list[int] | None:
    """Returns how many examples there are of each class, if each is of one or of several."""
    if targets.ndim == 1 and not targets.is_floating_point():
        known = targets[targets >= 0]
        return [int(n) for n in torch.bincount(known, minlength=classes)]
    if targets.ndim == 2 and targets.shape[1] == classes:
        return [int(n) for n in targets.sum(dim=0)]
    return None


def _environment(environment: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in environment.items():
        if value in (None, [], {}):
            continue
        if name == "command":
            yield name, shlex.join(value)
        elif name == "git":
            yield name, value["commit"] + (" with changes" if value["changed"] else "")
        elif isinstance(value, dict):
            yield name, ", ".join(f"{key} {each}" for key, each in value.items())
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name.replace("_gib", " (GiB)"), str(value)


def duration(seconds: float) -> str:
    """Returns a time as people say it: `12.3 s`, `4:05 min`, `2:03:20 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"
