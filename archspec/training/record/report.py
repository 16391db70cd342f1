"""What a run came to: the content of its `metrics.json`, its figures, and a page about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from archspec.backends.weights import load_weights
from archspec.backends.whole_file import write_all_whole
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.data.dataset import Dataset
from archspec.training.loop.objective import main_output
from archspec.training.loop.task import task_of
from archspec.training.record.environment import versions
from archspec.training.record.evaluation import evaluate, network_outputs
from archspec.training.record.figures.curves import learning_curves, measures
from archspec.training.record.figures.gradients import gradient_norms
from archspec.training.record.gradient_norms import by_depth, read_norms
from archspec.training.record.judgement import judgement
from archspec.training.record.measures import (
    STAGES,
    measure_of,
    more_is_better,
    rank,
    stage_of,
    title,
)
from archspec.training.record.report_page import Page, report_page
from archspec.training.record.run_directory import ENVIRONMENT, SPEC, read_json
from archspec.training.record.run_record import fold_of

REPORT = "report.html"


class Phase(NamedTuple):
    """A phase of a run.

    Attributes:
        first: Its first epoch, from 1.
        trained: How many parameters were trained in it.
    """

    first: int
    trained: int


class Fitted(NamedTuple):
    """What the loop left behind.

    Attributes:
        rows: The metrics of each epoch.
        selected: The epoch whose checkpoint was selected, from 1.
        test: The metrics of the test split.
        device: What was trained on.
        seconds: How long training and test took.
        phases: The phases of the run that have begun, if it has any.
    """

    rows: Sequence[Mapping[str, float]]
    selected: int
    test: Mapping[str, float]
    device: str
    seconds: float
    phases: Sequence[Phase] = ()


def final_metrics(
    graph: Graph, spec: TrainSpec, data: Dataset, fitted: Fitted
) -> dict[str, object]:
    """Returns results at the selected epoch, and all they depend on."""
    row = fitted.rows[fitted.selected - 1]
    return {
        "name": graph.name,
        "variant": graph.variant,
        "dataset": data.name,
        "task": task_of(spec, data, main_output(graph).type.example).kind,
        "splits": {name: examples.number for name, examples in data.splits.items()},
        "epochs": spec.epochs,
        "selected_epoch": fitted.selected,
        "selected_by": selected_by(spec.monitor, row),
        **({"phases": [phase._asdict() for phase in fitted.phases]} if fitted.phases else {}),
        **_by_stage({**row, **fitted.test}),
        "seeds": {"train": spec.seed, "split": spec.data.split.seed},
        "device": fitted.device,
        "versions": versions(),
        "duration_s": round(fitted.seconds, 3),
    }


def write_report(
    directory: Path, graph: Graph, spec: TrainSpec, data: Dataset, fitted: Fitted
) -> tuple[str, ...]:
    """Writes the figures of a finished run, and `report.html`; returns what is to be noted.

    Args:
        directory: The run directory, with the selected checkpoint.
        graph: The network.
        spec: The spec's `train` section.
        data: The data set.
        fitted: What the loop left behind.

    Raises:
        OSError: They cannot be written; none of them is then.
    """
    metrics = final_metrics(graph, spec, data, fitted)
    files: dict[Path, bytes] = {}
    begins = [phase.first for phase in fitted.phases[1:]]
    whole, single = learning_curves(fitted.rows, fitted.selected, begins)
    files[directory / "curves.png"] = whole
    names = [title(measure) for measure in measures(fitted.rows)]
    judged = ("test", "validation") if fitted.test else ("validation",)
    split = next((name for name in judged if data.splits[name].number), "train")
    weights, device = load_weights(directory), torch.device(fitted.device)
    outputs = network_outputs(graph, spec, weights, device)
    evaluation = evaluate(outputs, graph, spec, data, data.splits[split])
    shown = judgement(evaluation, data.splits[split], data.columns)
    files |= {directory / name: content for name, content in shown.files.items()}
    gradients = None
    norms = by_depth(read_norms(directory), kernels(graph))
    if norms is not None:
        drawn = gradient_norms(norms)
        files[directory / "gradient_norms.png"] = drawn.png
        gradients = drawn.svg
    page = Page(
        metrics=metrics,
        environment=read_json(directory / ENVIRONMENT) or {},
        resolved=(directory / SPEC).read_text(encoding="utf-8"),
        notes=[*_remarks(spec, fitted), *shown.notes],
        phases=[*_phases(spec, fitted)],
        fold=_fold(directory, spec),
        judged_split=split,
        curves=[(name, curve.svg) for name, curve in zip(names, single, strict=True)],
        gradients=gradients,
        **shown.for_page,
    )
    files[directory / REPORT] = report_page(graph, spec, data, page)
    write_all_whole({path: [content] for path, content in files.items()})
    return shown.notes


def _remarks(spec: TrainSpec, fitted: Fitted) -> Iterator[str]:
    """Yields what a reader of the figures should know."""
    if selected_by(spec.monitor, fitted.rows[-1]) == "last epoch":
        yield "Nothing was validated, so the last epoch was taken, whether or not it was the best."
    elif fitted.selected == spec.epochs > 1:
        yield "The last epoch was the best: training for longer may do better."
    if not fitted.test:
        yield "The test split was not looked at."


def _phases(spec: TrainSpec, fitted: Fitted) -> Iterator[tuple[str, ...]]:
    """Yields the phases: epochs, what they froze and unfroze, parameters trained, rate."""
    ends = [*(phase.first - 1 for phase in fitted.phases[1:]), len(fitted.rows)]
    for at, (given, phase, end) in enumerate(zip(spec.phases, fitted.phases, ends, strict=False)):
        frozen = [*([] if at else spec.freeze), *given.freeze]
        unfrozen = [*given.unfreeze, *["with batch norm"] * (given.batch_norm == "trained")]
        own = spec.during(given)
        rate = [f"{own.optimizer.options.lr:g}", *([own.schedule.name] if own.schedule else [])]
        warmup = [f"warmup {own.warmup:g}"] if own.warmup else []
        yield (
            f"{phase.first} to {end}" if end > phase.first else f"{phase.first}",
            ", ".join(frozen),
            ", ".join(unfrozen),
            f"{phase.trained:,}",
            ", ".join([*rate, *warmup]),
        )
    for _ in spec.phases[len(fitted.phases) :]:
        yield "not begun", "", "", "", ""


def _fold(directory: Path, spec: TrainSpec) -> str:
    folds, fold = spec.data.split.folds, fold_of(directory)
    return f"fold {fold + 1} of {folds}" if folds and fold is not None else ""


def kernels(graph: Graph) -> dict[str, bool]:
    """Returns the layers of a network, and whether each has a kernel or a matrix of weights."""
    return {
        node.path: any(len(param.shape) > 1 for param in node.parameters().values())
        for node in graph.nodes
    }


def selected_by(monitor: str, row: Mapping[str, object]) -> str:
    """Returns by what the selected epoch was chosen, in words.

    Args:
        monitor: The metric that was to choose it.
        row: The metrics that an epoch has.
    """
    if monitor not in row:
        return "last epoch"
    measure = measure_of(monitor)
    best = "highest" if more_is_better(measure) else "lowest"
    return f"{best} {stage_of(monitor)} {title(measure)}"


def _by_stage(metrics: Mapping[str, float]) -> dict[str, dict[str, float]]:
    results: dict[str, dict[str, float]] = {}
    for stage in STAGES:
        found = {
            measure_of(name): round(float(value), 6)
            for name, value in metrics.items()
            if stage_of(name) == stage
        }
        if found:
            results[stage] = {measure: found[measure] for measure in sorted(found, key=rank)}
    return results
