"""One training run: data, network and Lightning's loop, and what is left of them on disk.

The checkpoint is the one with the lowest validation loss, or the last one where there is
no validation split: on small splits many epochs have the same accuracy, hardly any the
same loss. The test split is looked at once, at the end, with that checkpoint.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import torch
from lightning import Callback, Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger

from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.agreement import check_agreement
from archspec.training.callbacks import ProgressBar, ProgressLines, Record
from archspec.training.data import Dataset, evaluation_batches, load, training_batches
from archspec.training.engine import quiet, restored, require_device
from archspec.training.errors import DeviceError, InterruptedRunError
from archspec.training.module import TrainingModule
from archspec.training.run_directory import CHECKPOINTS, create, write_metrics

LIBRARIES = ("archspec-nn", "torch", "lightning", "numpy", "scikit-learn")


class Report(NamedTuple):
    """What came out of a run.

    Attributes:
        directory: The run directory.
        metrics: The content of its `metrics.json`.
    """

    directory: Path
    metrics: dict[str, object]


class _Fitted(NamedTuple):
    rows: list[dict[str, float]]
    selected: int
    test: dict[str, float]
    device: str
    seconds: float


def train(
    graph: Graph,
    spec: TrainSpec,
    text: str,
    *,
    output: Path | None = None,
    device: str = "auto",
    announce: Callable[[Dataset], None] = lambda _: None,
) -> Report:
    """Trains a network as its spec says, and tests the selected checkpoint.

    Args:
        graph: The network.
        spec: The spec's `train` section.
        text: The resolved spec, kept in the run directory.
        output: The run directory; `runs/NAME/TIME` if left out.
        device: One of `archspec.training.engine.DEVICES`.
        announce: Told the data before training begins.

    Raises:
        TrainingError: The network cannot be trained so, or the loss diverged.
        DeviceError: The device is not there, or its memory is too small.
        OutputError: The run directory is taken.
        InterruptedRunError: Training was interrupted.
        OSError: The run directory cannot be written.
    """
    require_device(device)
    data = load(spec.data)
    check_agreement(graph, spec, data)
    directory = create(output, graph.name, text)
    announce(data)
    with quiet(), restored():
        try:
            fitted = _fit(graph, spec, data, directory, device)
        except torch.OutOfMemoryError as error:
            raise DeviceError(
                "the device has too little memory", "use a smaller train.batch_size"
            ) from error
    metrics = _metrics(graph, spec, data, fitted)
    write_metrics(directory, metrics)
    return Report(directory, metrics)


def _fit(graph: Graph, spec: TrainSpec, data: Dataset, directory: Path, device: str) -> _Fitted:
    started = time.perf_counter()
    seed_everything(spec.seed, verbose=False)
    module = TrainingModule(graph, spec)
    record = Record()
    last = ModelCheckpoint(directory / CHECKPOINTS, filename="last", enable_version_counter=False)
    best = ModelCheckpoint(
        directory / CHECKPOINTS,
        filename="best",
        monitor="validation_loss",
        enable_version_counter=False,
    )
    train, validation, test = (data.splits[name] for name in ("train", "validation", "test"))
    selecting = best if validation.number else last
    progress: Callback = ProgressBar() if sys.stderr.isatty() else ProgressLines()
    trainer = Trainer(
        accelerator=device,
        devices=1,
        max_epochs=spec.epochs,
        logger=CSVLogger(directory, name="", version="", flush_logs_every_n_steps=1),
        callbacks=[record, progress, last, *([best] if validation.number else [])],
        deterministic="warn",
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=directory,
    )
    order = torch.Generator().manual_seed(spec.seed)
    try:
        trainer.fit(
            module,
            training_batches(train, spec.batch_size, order),
            evaluation_batches(validation) if validation.number else None,
        )
        checkpoint = selecting.best_model_path
        trainer.test(
            module,
            evaluation_batches(test),
            ckpt_path=checkpoint,
            weights_only=True,
            verbose=False,
        )
    except SystemExit as error:  # what Lightning makes of Ctrl-C and SIGTERM
        raise InterruptedRunError(*_remains(record, directory, last)) from error
    tested = {name: float(value) for name, value in trainer.callback_metrics.items()}
    selected = torch.load(checkpoint, map_location="cpu", weights_only=True)["epoch"] + 1
    seconds = time.perf_counter() - started
    return _Fitted(record.rows, selected, tested, str(trainer.strategy.root_device), seconds)


def _remains(record: Record, directory: Path, last: ModelCheckpoint) -> tuple[str, str]:
    if not last.best_model_path:
        return f"interrupted before the first epoch was finished: nothing is in {directory}", ""
    kept = directory / CHECKPOINTS / Path(last.best_model_path).name
    return f"interrupted after epoch {len(record.rows)}", f"its weights are in {kept}"


def _metrics(graph: Graph, spec: TrainSpec, data: Dataset, fitted: _Fitted) -> dict[str, object]:
    row = fitted.rows[fitted.selected - 1]
    validated = "validation_loss" in row
    stages = {"train": row, "validation": row} if validated else {"train": row}
    results = {
        stage: {what: round(metrics[f"{stage}_{what}"], 6) for what in ("loss", "accuracy")}
        for stage, metrics in {**stages, "test": fitted.test}.items()
    }
    return {
        "name": graph.name,
        "dataset": data.name,
        "splits": {name: examples.number for name, examples in data.splits.items()},
        "epochs": spec.epochs,
        "selected_epoch": fitted.selected,
        "selected_by": "lowest validation loss" if validated else "last epoch",
        **results,
        "seeds": {"train": spec.seed, "split": spec.data.split.seed},
        "device": fitted.device,
        "versions": {"python": platform.python_version(), **{n: version(n) for n in LIBRARIES}},
        "duration_s": round(fitted.seconds, 3),
    }
