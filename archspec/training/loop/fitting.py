"""The loop of one run: it trains, keeps checkpoints, and tests the selected one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import torch
from lightning import Trainer, seed_everything
from torch import distributed
from torch.utils.data import DataLoader

from archspec.backends.weights import load_weights
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.data.dataset import Dataset, Examples, evaluation_batches, training_batches
from archspec.training.data.examples import Batch
from archspec.training.errors import InterruptedRunError
from archspec.training.loop.callbacks import Record
from archspec.training.loop.changes import changes_for
from archspec.training.loop.checkpoints import BEST, LAST, epoch_of
from archspec.training.loop.module import TrainingModule
from archspec.training.loop.objective import main_output
from archspec.training.loop.order import EpochOrder
from archspec.training.loop.overhead import skip_empty_hooks
from archspec.training.loop.selection import Selection, selection_of
from archspec.training.loop.task import metric_names, task_of
from archspec.training.loop.trainer import trainer_for
from archspec.training.record.report import Fitted
from archspec.training.record.run_directory import CHECKPOINTS


class Fitting(NamedTuple):
    """One run to be made, or to be continued.

    Attributes:
        graph: The network.
        spec: The spec's `train` section.
        data: The data.
        directory: The run directory.
        device: `auto`, `cpu`, `cuda` or `mps`.
        devices: How many of them.
        label: What progress is told with.
        report: Whether figures and a report are drawn of it.
    """

    graph: Graph
    spec: TrainSpec
    data: Dataset
    directory: Path
    device: str = "auto"
    devices: int = 1
    label: str = ""
    report: bool = True

    @property
    def last(self) -> Path:
        """The checkpoint of the last epoch, with which the run can be continued."""
        return self.directory / CHECKPOINTS / LAST


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

    Raises:
        TrainingError: The loss diverged, or what is monitored is not measured.
        UnreadableError: The checkpoint is none.
        InterruptedRunError: Training was interrupted.
        OSError: The run directory cannot be written.
    """
    started = time.perf_counter()
    spec, data = run.spec, run.data
    done = epoch_of(run.last) if run.last.exists() else 0
    seed_everything(spec.seed, verbose=False)
    task = task_of(spec, data, main_output(run.graph).type.example)
    validation = data.splits["validation"]
    selection = selection_for(run.graph, spec, data)
    module = TrainingModule(run.graph, spec, task, changes=changes_for(spec, data))
    record = Record()
    trainer = trainer_for(
        spec,
        run.directory,
        record,
        selection,
        device=run.device,
        devices=run.devices,
        label=run.label,
        resumed=done or None,
        partly_used=len(run.graph.outputs) > 1,
    )
    skip_empty_hooks(module, *trainer.callbacks)  # type: ignore[attr-defined]
    selected = run.directory / CHECKPOINTS / (BEST if selection.best else LAST)
    try:
        trainer.fit(
            module,
            _training_batches(run, trainer, done),
            evaluation_batches(validation) if validation.number else None,
            ckpt_path=run.last if done else None,
            weights_only=True,
        )
        examples = data.splits["test"]
        test = _test(trainer, module, selected, examples) if examples.number else {}
    except SystemExit as error:  # what Lightning makes of Ctrl-C and SIGTERM
        raise _interrupted(run.last) from error
    finally:
        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()  # what follows is done by one process
    return Fitted(
        rows=record.rows,
        selected=epoch_of(selected),
        test=test,
        device=str(trainer.strategy.root_device),
        seconds=time.perf_counter() - started,
    )


def _training_batches(run: Fitting, trainer: Trainer, epoch: int) -> DataLoader[Batch]:
    """Returns the batches of every epoch, of which the one given is the first."""
    spec, examples = run.spec, run.data.splits["train"]
    generator = torch.Generator()
    steps = spec.steps_per_epoch
    return training_batches(
        examples,
        examples.number if spec.batch_size == "full" else spec.batch_size,
        generator,
        shuffle=spec.data.shuffle,
        arranged=lambda batches: EpochOrder(
            batches,
            generator,
            spec.seed,
            steps=steps and steps * spec.gradient.accumulate,
            shuffled=spec.data.shuffle,
            epoch=epoch,
            process=trainer.global_rank,
            processes=trainer.world_size,
        ),
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
