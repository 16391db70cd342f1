"""Lightning's trainer for a spec: precision, devices, callbacks, logs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from lightning import Callback, Trainer
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch.callbacks import EarlyStopping, WeightAveraging
from lightning.pytorch.strategies import DDPStrategy
from torch.optim.swa_utils import get_ema_multi_avg_fn

from archspec.frontend.train_schema import TrainSpec
from archspec.training.loop.callbacks import EpochSeeds, Record, StopAt
from archspec.training.loop.checkpoints import WholeFiles, checkpoints
from archspec.training.loop.overhead import Unmeasured
from archspec.training.loop.schedules import LowerOnPlateau
from archspec.training.loop.selection import Selection, direction
from archspec.training.record.gradient_norms import GradientNorms
from archspec.training.record.loggers import loggers
from archspec.training.record.progress import progress_callback

PRECISIONS: Mapping[str, Literal["32-true", "bf16-mixed", "16-mixed"]] = {
    "fp32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
}
"""What Lightning calls them; weights stay in single precision."""


def is_main_process() -> bool:
    """Returns whether this process is the one that was called, not one that Lightning started."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


def trainer_for(
    spec: TrainSpec,
    directory: Path,
    record: Record,
    selection: Selection,
    *,
    device: str,
    devices: int,
    label: str = "",
    resumed: int | None = None,
    epochs: int | None = None,
    total: int | None = None,
    partly_used: bool = False,
) -> Trainer:
    """Returns what trains a network as its spec says.

    Args:
        spec: The spec's `train` section, or that of a phase.
        directory: The run directory.
        record: What keeps the metrics of epochs.
        selection: What decides about epochs.
        device: `auto`, `cpu`, `cuda` or `mps`.
        devices: How many of them, each with a process of its own.
        label: What progress is told with, such as `fold 2/5`.
        resumed: After how many epochs it goes on with a checkpoint, if it does.
        epochs: Up to which epoch, counted from 1, if that is not the spec's last.
        total: How many epochs the whole run has, if there are more of them.
        partly_used: Whether some weights have no part in the loss.
    """
    clip = spec.gradient
    return Trainer(
        accelerator=device,
        devices=devices,
        strategy=DDPStrategy(find_unused_parameters=partly_used) if devices > 1 else "auto",
        # one process for each device, also inside a cluster's job
        plugins=[LightningEnvironment(), WholeFiles()],
        precision=PRECISIONS[spec.precision],
        max_epochs=spec.epochs if epochs is None else epochs,
        logger=loggers(directory, resumed),
        callbacks=[
            record,
            *_deciding(spec, selection),
            GradientNorms(directory),
            progress_callback(label, total),
            *checkpoints(directory, selection.best),
        ],
        deterministic="warn" if spec.deterministic else False,
        benchmark=not spec.deterministic,
        accumulate_grad_batches=spec.gradient.accumulate,
        gradient_clip_val=clip.clip_norm or clip.clip_value,
        gradient_clip_algorithm="value" if clip.clip_value else "norm",
        profiler=Unmeasured(),
        use_distributed_sampler=False,  # the order of batches is this project's
        num_sanity_val_steps=0,
        log_every_n_steps=0,  # epochs are logged, by `Record`
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=directory,
    )


def _deciding(spec: TrainSpec, selection: Selection) -> Sequence[Callback]:
    made: list[Callback] = [EpochSeeds(spec.seed)]
    if spec.ema is not None:
        mean = get_ema_multi_avg_fn(spec.ema)  # type: ignore[no-untyped-call]
        made.append(WeightAveraging(multi_avg_fn=mean))
    if spec.schedule is not None and spec.schedule.plateau is not None:
        made.append(LowerOnPlateau(spec.schedule.plateau, selection.plateau))
    if spec.stop_at:
        made.append(StopAt(spec.stop_at))
    if spec.early_stopping is not None:
        made.append(
            EarlyStopping(
                selection.stopping,
                min_delta=spec.early_stopping.min_delta,
                patience=spec.early_stopping.patience,
                mode=direction(selection.stopping),
                check_on_train_epoch_end=True,
            )
        )
    return made
