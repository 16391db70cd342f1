"""One training run: data, network and Lightning's loop, and what is left of them on disk.

The checkpoint is the one with the lowest validation loss, or the last one where there is
no validation split: on small splits many epochs have the same accuracy, hardly any the
same loss. The test split is looked at once, at the end, with that checkpoint.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from lightning import Callback, Trainer, seed_everything
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger

from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.agreement import check_agreement, check_trainable
from archspec.training.callbacks import ProgressBar, ProgressLines, Record
from archspec.training.data import Dataset, evaluation_batches, load, training_batches
from archspec.training.engine import quiet, require_device, restored
from archspec.training.errors import DeviceError, InterruptedRunError
from archspec.training.module import TrainingModule
from archspec.training.objective import main_input
from archspec.training.report import Fitted, final_metrics
from archspec.training.run_directory import CHECKPOINTS, create, write_metrics


class Run(NamedTuple):
    """A finished run.

    Attributes:
        directory: The run directory.
        metrics: The content of its `metrics.json`.
    """

    directory: Path
    metrics: dict[str, object]


def train(
    graph: Graph,
    spec: TrainSpec,
    resolved: str,
    *,
    output: Path | None = None,
    device: str = "auto",
    announce: Callable[[Dataset], None] = lambda _: None,
) -> Run:
    """Trains a network as its spec says, and tests the selected checkpoint.

    Args:
        graph: The network.
        spec: The spec's `train` section.
        resolved: The resolved spec, kept in the run directory.
        output: The run directory; `runs/NAME/TIME` if left out.
        device: `auto`, `cpu`, `cuda` or `mps`.
        announce: Told the data before training begins.

    Raises:
        UnreadableError: The file of the data is not there, or holds none.
        TrainingError: The network cannot be trained so, or the loss diverged.
        DeviceError: The device is not there, or its memory is too small.
        OutputError: The run directory is taken.
        InterruptedRunError: Training was interrupted.
        OSError: The run directory cannot be written.
    """
    require_device(device)
    data = load(spec.data, main_input(graph).type)
    check_agreement(graph, data)
    check_trainable(graph, spec, data)
    directory = create(output, graph.stem, resolved)
    announce(data)
    with quiet(), restored():
        try:
            fitted = _fit(graph, spec, data, directory, device)
        except torch.OutOfMemoryError as error:
            raise DeviceError(
                "the device has too little memory", "use a smaller train.batch_size"
            ) from error
    metrics = final_metrics(graph, spec, data, fitted)
    write_metrics(directory, metrics)
    return Run(directory, metrics)


def _fit(graph: Graph, spec: TrainSpec, data: Dataset, directory: Path, device: str) -> Fitted:
    started = time.perf_counter()
    seed_everything(spec.seed, verbose=False)
    module = TrainingModule(graph, spec)
    order = torch.Generator().manual_seed(spec.seed)
    examples = data.splits["train"]
    size = examples.number if spec.batch_size == "full" else spec.batch_size
    batches = training_batches(examples, size, order)
    validation = data.splits["validation"]
    record = Record()
    checkpoints = _checkpoints(directory, validated=validation.number > 0)
    trainer = _trainer(spec, directory, device, [record, *checkpoints.values()])
    selected = directory / CHECKPOINTS / f"{next(iter(checkpoints))}.ckpt"
    try:
        trainer.fit(module, batches, evaluation_batches(validation) if validation.number else None)
        trainer.test(
            module,
            evaluation_batches(data.splits["test"]),
            ckpt_path=selected,
            weights_only=True,
            verbose=False,
        )
    except SystemExit as error:  # what Lightning makes of Ctrl-C and SIGTERM
        raise _interrupted(directory) from error
    return Fitted(
        rows=record.rows,
        selected=_epoch_of(selected),
        test={name: float(value) for name, value in trainer.callback_metrics.items()},
        device=str(trainer.strategy.root_device),
        seconds=time.perf_counter() - started,
    )


def _checkpoints(directory: Path, *, validated: bool) -> dict[str, ModelCheckpoint]:
    """Returns what writes the checkpoints by the names of their files, the selected one first.

    Two of them, because Lightning's own `save_last` keeps the last one that was best.
    """
    monitored = {"best": "validation_loss"} if validated else {}
    return {
        name: ModelCheckpoint(
            directory / CHECKPOINTS, name, monitor=metric, enable_version_counter=False
        )
        for name, metric in {**monitored, "last": None}.items()
    }


def _trainer(spec: TrainSpec, directory: Path, device: str, callbacks: list[Callback]) -> Trainer:
    progress: Callback = ProgressBar() if sys.stderr.isatty() else ProgressLines()
    return Trainer(
        accelerator=device,
        devices=1,
        plugins=LightningEnvironment(),  # one process, also inside a cluster's job
        max_epochs=spec.epochs,
        logger=CSVLogger(directory, name="", version="", flush_logs_every_n_steps=1),
        callbacks=[*callbacks, progress],
        deterministic="warn",
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=directory,
    )


def _interrupted(directory: Path) -> InterruptedRunError:
    last = directory / CHECKPOINTS / "last.ckpt"
    if last.exists():
        return InterruptedRunError(f"interrupted; epoch {_epoch_of(last)} is kept in {last}")
    return InterruptedRunError("interrupted before the end of the first epoch; nothing is kept")


def _epoch_of(checkpoint: Path) -> int:
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return int(content["epoch"]) + 1
