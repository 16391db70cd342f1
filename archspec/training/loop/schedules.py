"""Schedules of the learning rate: torch's, as Lightning wants them told."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, TypedDict

from lightning import Callback, Trainer
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from archspec.frontend.train_schema import TrainSpec
from archspec.frontend.train_schema.optimizer import (
    Cosine,
    Exponential,
    MultiStep,
    OneCycle,
    Plateau,
    StepDecay,
)
from archspec.training.loop.optimizers import FACTOR
from archspec.training.loop.selection import direction


class Scheduled(TypedDict):
    """A schedule, and after how many batches of an epoch it goes on.

    All go by batches, as Lightning's checkpoints are older than its schedules by epochs.
    """

    scheduler: LRScheduler
    interval: Literal["step"]
    frequency: int


def schedules_for(
    spec: TrainSpec, optimizer: Optimizer, *, steps: int, batches: int
) -> list[Scheduled]:
    """Returns the schedules of a run, or of a phase of it; all of them change the same rate.

    The rate rises in equal steps to the optimiser's, which the last step of the warm-up has.
    What goes by epochs counts them from the beginning, the warm-up's included. A cosine begins
    after the warm-up and ends with the last step.

    Args:
        spec: The spec's `train` section.
        optimizer: The optimiser.
        steps: How many steps the run, or the phase, has.
        batches: How many batches an epoch has.
    """
    warm = min(round(spec.warmup * steps / spec.epochs), steps)
    rising = LinearLR(optimizer, 1 / warm, total_iters=warm - 1) if warm > 1 else None
    made: list[Scheduled] = [_by_step(rising)] if rising else []
    match spec.schedule and spec.schedule.options:
        case StepDecay() | MultiStep() | Exponential() as options:
            by_epoch = _BY_EPOCH[type(options)](optimizer, **options.model_dump())
            made.append(Scheduled(scheduler=by_epoch, interval="step", frequency=batches))
        case OneCycle() as options:
            rates = [group["lr"] for group in optimizer.param_groups]
            cycle = OneCycleLR(
                optimizer, rates, steps, cycle_momentum=False, **options.model_dump()
            )
            made = [_by_step(cycle)]
        case Cosine(eta_min=least):
            share = least / spec.optimizer.options.lr
            falling = _cosine(optimizer, max(steps - warm, 1), least, share)
            both = SequentialLR(optimizer, [rising, falling], [warm]) if rising else falling
            made = [_by_step(both)]
    return made


_BY_EPOCH: dict[type, Callable[..., LRScheduler]] = {
    StepDecay: StepLR,
    MultiStep: MultiStepLR,
    Exponential: ExponentialLR,
}


def _cosine(optimizer: Optimizer, steps: int, least: float, share: float) -> LRScheduler:
    """Returns half a cosine, whose least rate is a share of the first one."""
    if FACTOR not in optimizer.param_groups[0]:
        return CosineAnnealingLR(optimizer, steps, least)  # which has one for all groups

    def factor(step: int) -> float:
        return share + (1 - share) * (1 + math.cos(math.pi * step / steps)) / 2

    return LambdaLR(optimizer, factor)


def _by_step(scheduler: LRScheduler) -> Scheduled:
    return Scheduled(scheduler=scheduler, interval="step", frequency=1)


class LowerOnPlateau(Callback):
    """Lowers the learning rate when a metric no longer gets better.

    Lightning's own use of torch's `ReduceLROnPlateau` is not part of its checkpoints.

    Args:
        spec: When, and how much.
        metric: The metric.
    """

    def __init__(self, spec: Plateau, metric: str) -> None:
        self._spec = spec
        self._metric = metric
        self._kept: dict[str, Any] = {}

    def on_train_start(self, trainer: Trainer, *_: object) -> None:
        """Takes over the optimiser's learning rate."""
        groups = trainer.optimizers[0].param_groups
        options = self._spec.model_dump()
        options["min_lr"] = [self._spec.min_lr * group.get(FACTOR, 1.0) for group in groups]
        self._schedule = ReduceLROnPlateau(
            trainer.optimizers[0], direction(self._metric), **options
        )
        self._schedule.load_state_dict(self._kept)

    def on_train_epoch_end(self, trainer: Trainer, *_: object) -> None:
        """Looks at the metric of the epoch."""
        self._schedule.step(float(trainer.callback_metrics[self._metric]))

    def state_dict(self) -> dict[str, Any]:
        """Returns what a checkpoint keeps, for a run that is resumed."""
        return self._schedule.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with what a checkpoint has kept."""
        self._kept = state_dict
