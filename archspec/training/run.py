"""A whole run: data, network, loop, and what is left of them on disk.

The checkpoint is the one that is best by `train.monitor`, which is the validation loss if nothing
else is said, or the last one where there is no validation split: on small splits many epochs have
the same accuracy, hardly any the same loss. The test split is looked at once, at the end, with
that checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import torch

from archspec.backends.whole_file import write_whole
from archspec.diagnostics.counted import counted
from archspec.frontend.phases import stages_of
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.data.dataset import Dataset, load
from archspec.training.data.preprocess_file import write_preprocess
from archspec.training.errors import (
    DeviceError,
    InterruptedRunError,
    OutputError,
    TrainingError,
)
from archspec.training.loop.agreement import check_agreement
from archspec.training.loop.checkpoints import LAST, epoch_of
from archspec.training.loop.engine import compiler_errors, quiet, require_device, restored
from archspec.training.loop.features import check_features
from archspec.training.loop.fitting import Fitting, fit, selection_for
from archspec.training.loop.folds import fold_directory, summary, without_test
from archspec.training.loop.objective import main_input, scores_graph
from archspec.training.loop.resuming import check_unchanged, more_epochs, only_one
from archspec.training.loop.starting import Start, starting_weights, weights_of_resumed
from archspec.training.loop.trainable import check_trainable
from archspec.training.loop.trainer import is_main_process
from archspec.training.record.folds_page import write_folds_report
from archspec.training.record.report import final_metrics, write_report
from archspec.training.record.run_directory import (
    CHECKPOINTS,
    METRICS,
    SPEC,
    create,
    read_json,
    write_metrics,
)

SHARED = "ARCHSPEC_RUN_DIRECTORY"
"""Where the processes that Lightning starts are told the run directory."""


class Run(NamedTuple):
    """A finished run.

    Attributes:
        directory: The run directory.
        metrics: The content of its `metrics.json`.
        notes: What is to be known about its figures.
    """

    directory: Path
    metrics: dict[str, object]
    notes: tuple[str, ...] = ()


def train(
    graph: Graph,
    spec: TrainSpec,
    resolved: str,
    *,
    output: Path | None = None,
    source: Path | None = None,
    device: str = "auto",
    devices: int = 1,
    announce: Callable[[Dataset, Start | None], None] = lambda *_: None,
    report: bool = True,
) -> Run:
    """Trains a network as its spec says, and tests the selected checkpoint.

    Args:
        graph: The network.
        spec: The spec's `train` section.
        resolved: The resolved spec, kept in the run directory.
        output: The run directory; `runs/NAME/TIME` if left out.
        source: The directory of the spec's file, whose commit is noted.
        device: `auto`, `cpu`, `cuda` or `mps`.
        devices: How many of them. More than one are for the command line alone, as Lightning
            calls this process's command again for each of the others.
        announce: Told the data, and the weights to start from, before training begins.
        report: Whether figures and a report are drawn.

    Raises:
        UnreadableError: The file of the data or of the weights is not there, or holds none.
        TrainingError: The network cannot be trained so, or the loss diverged.
        DeviceError: The device is not there, or its memory is too small.
        OutputError: The run directory is taken.
        InterruptedRunError: Training was interrupted.
        OSError: The run directory cannot be written.
    """
    require_device(device, devices, spec.precision)
    start = starting_weights(graph, spec.weights) if spec.weights else None
    data = _fitting_data(graph, spec)
    shared = os.environ.get(SHARED)
    directory = (
        Path(shared)
        if shared and not is_main_process()
        else create(output, graph.stem, resolved, source, start and start.origin)
    )
    announce(data, start)
    job = Fitting(graph, spec, data, directory, device, devices, report=report, start=start)
    return _run(job, resolved)


def resume(
    directory: Path,
    graph: Graph,
    spec: TrainSpec,
    resolved: str,
    *,
    device: str = "auto",
    devices: int = 1,
    announce: Callable[[Dataset, Start | None], None] = lambda *_: None,
) -> Run:
    """Goes on with a run after the last epoch that there is a checkpoint of.

    It comes to the weights that it would have come to without an interruption.

    Args:
        directory: The run directory.
        graph: Its network.
        spec: Its `train` section, in which only how long is trained may be another than before.
        resolved: The resolved spec, which replaces that of the run directory.
        device: As for `train`.
        devices: As for `train`.
        announce: Told the data before training goes on; and the weights to start from, if the
            run, or one of its folds, has not come to the end of its first epoch.

    Raises:
        OutputError: The run has come to its end, or another process goes on with it.
        UnreadableError: Its checkpoint cannot be read, or the file of the data is not there.
        TrainingError: The network cannot be trained so, or the loss diverged.
        DeviceError: The device is not there, or its memory is too small.
        InterruptedRunError: Training was interrupted.
        OSError: The run directory cannot be written.
    """
    require_device(device, devices, spec.precision)
    finished = read_json(directory / METRICS)
    if finished is not None and finished.get("epochs") == spec.epochs:
        raise OutputError(
            f"{directory} has come to its end",
            more_epochs(spec),
        )
    check_unchanged(directory, graph, spec)
    last = directory / CHECKPOINTS / LAST
    done = epoch_of(last) if last.exists() else 0
    if spec.epochs < done:
        raise TrainingError(
            f"{directory} has been trained for {counted(done, 'epoch', 'epochs')} already",
            "give it at least as many" + ("" if spec.phases else f": --set train.epochs={done}"),
            place=("train", "phases" if spec.phases else "epochs"),
        )
    start = weights_of_resumed(graph, spec, directory)
    data = _fitting_data(graph, spec)
    announce(data, start)
    job = Fitting(graph, spec, data, directory, device, devices, start=start)
    return _run(job, resolved)


def _fitting_data(graph: Graph, spec: TrainSpec, fold: int = 0) -> Dataset:
    data = load(spec.data, main_input(graph).type, fold=fold if spec.data.split.folds else None)
    check_agreement(graph, data, spec.loss.name)
    stages = stages_of(graph, spec)
    for number, stage in enumerate(stages, 1):
        check_trainable(stage.graph, spec, data, f" in phase {number}" if spec.phases else "")
    if spec.cache_features:
        check_features(scores_graph(graph, spec.loss.name), stages)
    selection_for(graph, spec, data)
    return data


def _run(job: Fitting, resolved: str) -> Run:
    os.environ[SHARED] = str(job.directory.absolute())
    folds = job.spec.data.split.folds
    try:
        with only_one(job.directory) if is_main_process() else nullcontext():
            if is_main_process():
                write_whole(job.directory / SPEC, resolved.encode())
            return _made(job) if folds is None else _cross_validated(job, folds, resolved)
    except InterruptedRunError as error:
        remedy = f"archspec train --resume {job.directory} goes on with it"
        raise InterruptedRunError(error.message, remedy) from error


def _cross_validated(job: Fitting, folds: int, resolved: str) -> Run:
    """Makes the runs of all folds that have not come to their end, and their summary."""
    made = []
    for fold in range(folds):
        directory = fold_directory(job.directory, fold)
        known = read_json(directory / METRICS)
        if known is None or known.get("epochs") != job.spec.epochs:
            if is_main_process() and not (directory / SPEC).is_file():
                origin = job.start and job.start.origin
                create(directory, job.graph.stem, resolved, weights=origin)
            data = job.data if fold == 0 else _fitting_data(job.graph, job.spec, fold)
            label = f"fold {fold + 1}/{folds}"
            one = job._replace(data=without_test(data), directory=directory, label=label)
            known = _made(one).metrics
        made.append(known)
    metrics = summary(job.graph, job.spec, job.data, made)
    if is_main_process():
        write_metrics(job.directory, metrics)
        if job.report:
            write_folds_report(job.directory)
    return Run(job.directory, metrics)


def _made(job: Fitting) -> Run:
    """Trains, tests and reports."""
    if job.data.steps and is_main_process():
        write_preprocess(job.directory, job.data.steps)
    with quiet(), restored(), compiler_errors(job.spec):
        try:
            fitted = fit(job)
        except torch.OutOfMemoryError as error:
            raise DeviceError(
                "the device has too little memory",
                "use a smaller train.batch_size",
                place=("train", "batch_size"),
            ) from error
        metrics = final_metrics(job.graph, job.spec, job.data, fitted)
        if not is_main_process():
            return Run(job.directory, metrics)
        # With its metrics a run has come to its end, whatever becomes of its figures.
        write_metrics(job.directory, metrics)
        if not job.report:
            return Run(job.directory, metrics)
        notes = write_report(job.directory, job.graph, job.spec, job.data, fitted)
    return Run(job.directory, metrics, notes)
