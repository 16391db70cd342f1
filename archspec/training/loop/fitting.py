"""The loop of one run: it trains, keeps checkpoints, and tests the selected one."""

from __future__ import annotations

import time
from pathlib import Path

from lightning import Trainer
from torch import distributed

from archspec.backends.weights import load_weights
from archspec.frontend.phases import stages_of
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.ir.totals import totals
from archspec.training.data.dataset import Dataset, Examples, evaluation_batches
from archspec.training.errors import InterruptedRunError
from archspec.training.loop.callbacks import Record
from archspec.training.loop.checkpoints import BEST, LAST, Reached, epoch_of, reached
from archspec.training.loop.job import Fitting
from archspec.training.loop.module import TrainingModule
from archspec.training.loop.objective import main_output
from archspec.training.loop.phase import is_over, train_phase
from archspec.training.loop.selection import Selection, selection_of
from archspec.training.loop.task import metric_names, task_of
from archspec.training.record.report import Fitted, Phase
from archspec.training.record.run_directory import CHECKPOINTS

__all__ = ["Fitting", "fit", "selection_for"]


def selection_for(graph: Graph, spec: TrainSpec, data: Dataset) -> Selection:
    """Returns what decides about epochs of a network's training.

    Raises:
        TrainingError: The spec names a metric that there is not.
    """
    metrics = metric_names(spec, task_of(spec, data, main_output(graph).type.example))
    heads = [next(iter(graph.outputs)), *graph.heads] if graph.heads else []
    return selection_of(spec, metrics, heads, validated=data.splits["validation"].number > 0)


def fit(run: Fitting) -> Fitted:
    """Trains and tests; goes on after the last epoch that there is a checkpoint of.

    A phase goes on with the last checkpoint of the one before it, as a run that is resumed does.

    Raises:
        TrainingError: The loss diverged, or what is monitored is not measured.
        UnreadableError: The checkpoint is none.
        InterruptedRunError: Training was interrupted.
        OSError: The run directory cannot be written.
    """
    started = time.perf_counter()
    selection = selection_for(run.graph, run.spec, run.data)
    selected = run.directory / CHECKPOINTS / (BEST if selection.best else LAST)
    record, stages = Record(), stages_of(run.graph, run.spec)
    try:
        for number in range(len(stages)):
            done = reached(run.last) if run.last.exists() else Reached(0)
            if is_over(number, stages, done):
                continue
            last = train_phase(run, stages, number, done, record=record, selection=selection)
            if last.finished:
                break
        examples = run.data.splits["test"]
        test = _test(last.trainer, last.module, selected, examples) if examples.number else {}
    except (SystemExit, KeyboardInterrupt) as error:  # Lightning makes the first of the second
        raise _interrupted(run.last) from error
    finally:
        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()  # what follows is done by one process
    begins = reached(run.last).begins if run.spec.phases else ()
    return Fitted(
        rows=record.rows,
        selected=epoch_of(selected),
        test=test,
        device=str(last.trainer.strategy.root_device),
        seconds=time.perf_counter() - started,
        phases=[
            Phase(begin + 1, totals(stage.graph).trainable)
            for begin, stage in zip(begins, stages, strict=False)
        ],
    )


def _test(
    trainer: Trainer, module: TrainingModule, selected: Path, examples: Examples
) -> dict[str, float]:
    """Returns the metrics of the test split with a checkpoint's weights."""
    module.network.load_state_dict(load_weights(selected))
    trainer.test(module, evaluation_batches(examples), verbose=False)
    return {name: float(value) for name, value in trainer.callback_metrics.items()}


def _interrupted(last: Path) -> InterruptedRunError:
    if last.exists():
        return InterruptedRunError(f"interrupted; epoch {epoch_of(last)} is kept in {last}")
    return InterruptedRunError("interrupted before the end of the first epoch; nothing is kept")
