"""What happens beside the training loop: metrics of epochs, and what ends a run before its end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from lightning import Callback, LightningModule, Trainer, seed_everything

from archspec.training.errors import TrainingError
from archspec.training.loop.module import TrainingModule
from archspec.training.loop.optimizers import rate_of
from archspec.training.record.measures import measure_of, more_is_better, stage_of

LOOK = 100
"""After how many steps a loss is looked at, which waits for the device."""


class Record(Callback):
    """Logs one row per epoch, and stops a run whose loss is no number any more.

    Attributes:
        rows: The metrics of each epoch so far.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_batch_end(
        self,
        trainer: Trainer,
        module: LightningModule,
        _outputs: object,
        _batch: object,
        index: int,
    ) -> None:
        """Looks at the losses now and then.

        Raises:
            TrainingError: One is not finite.
        """
        if index % LOOK == LOOK - 1 and isinstance(module, TrainingModule) and not module.finite:
            raise _diverged(trainer, "not finite")

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Logs the epoch's metrics and learning rate.

        Raises:
            TrainingError: A loss is not finite.
        """
        if isinstance(module, TrainingModule):
            module.conclude("train")
        found = trainer.callback_metrics
        metrics = {name: round(float(v), 6) for name, v in found.items() if stage_of(name)}
        rate = rate_of(trainer.optimizers[0])
        row = {"epoch": trainer.current_epoch + 1, "lr": rate, **metrics}
        self.rows.append(row)
        for logger in trainer.loggers:
            logger.log_metrics(row, step=trainer.global_step)
        for name, value in metrics.items():
            if measure_of(name) == "loss" and not math.isfinite(value):
                raise _diverged(trainer, str(value))

    def state_dict(self) -> dict[str, Any]:
        """Returns what a checkpoint keeps, for a run that is resumed."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with what a checkpoint has kept."""
        self.rows = [*state_dict["rows"]]


def _diverged(trainer: Trainer, said: str) -> TrainingError:
    rate = rate_of(trainer.optimizers[0])
    return TrainingError(
        f"training diverged: the loss is {said} in epoch {trainer.current_epoch + 1}",
        f"use a smaller learning rate than {rate:g}, or train.gradient.clip_norm",
        place=("train", "optimizer"),
    )


class StopAt(Callback):
    """Ends training when a metric is good enough.

    Args:
        goals: What is good enough, by metric.

    Attributes:
        reached: Whether a metric has been good enough.
    """

    def __init__(self, goals: Mapping[str, float]) -> None:
        self._goals = goals
        self.reached = False

    def on_train_epoch_end(self, trainer: Trainer, *_: object) -> None:
        """Ends training after an epoch that has reached one of the goals."""
        for name, goal in self._goals.items():
            value = float(trainer.callback_metrics[name])
            if value >= goal if more_is_better(measure_of(name)) else value <= goal:
                trainer.should_stop = self.reached = True


class EpochSeeds(Callback):
    """Draws what is random in an epoch from the run's seed and the epoch's number.

    So a run that is resumed draws what it would have drawn, whatever was drawn before.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def on_train_epoch_start(self, trainer: Trainer, *_: object) -> None:
        """Seeds Python, NumPy and torch on all devices, in each process differently."""
        seed_everything(
            epoch_seed(self._seed, trainer.current_epoch, trainer.global_rank), verbose=False
        )


def epoch_seed(seed: int, epoch: int, process: int = 0) -> int:
    """Returns the seed of an epoch, counted from 0, of a run in one of its processes."""
    return int(np.random.SeedSequence((seed, epoch, process)).generate_state(1)[0])
