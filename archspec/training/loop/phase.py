"""One phase of a run, or a run that has none: from the checkpoint before it to its own end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from lightning import Trainer, seed_everything
from torch.utils.data import DataLoader

from archspec.backends.weights import load_weights
from archspec.frontend.phases import Stage
from archspec.ir.totals import totals
from archspec.training.data.dataset import Dataset, evaluation_batches, training_batches
from archspec.training.data.examples import Batch
from archspec.training.loop.callbacks import Record, StopAt
from archspec.training.loop.changes import changes_for
from archspec.training.loop.checkpoints import Reached
from archspec.training.loop.features import cut, featured
from archspec.training.loop.job import Fitting
from archspec.training.loop.layout import has_channels_last
from archspec.training.loop.module import TrainingModule
from archspec.training.loop.objective import main_output, scores_graph
from archspec.training.loop.order import EpochOrder
from archspec.training.loop.overhead import skip_empty_hooks
from archspec.training.loop.selection import Selection
from archspec.training.loop.task import task_of
from archspec.training.loop.trainer import is_main_process, trainer_for


class Trained(NamedTuple):
    """What has trained a phase.

    Attributes:
        trainer: Lightning's trainer.
        module: The network, trained.
        finished: Whether the whole run has come to its goal, so that no phase follows.
    """

    trainer: Trainer
    module: TrainingModule
    finished: bool


def is_over(number: int, stages: Sequence[Stage], done: Reached) -> bool:
    """Returns whether a phase that another one follows has come to its end.

    Args:
        number: Which phase, from 0.
        stages: All of them.
        done: How far the run has come.
    """
    current = len(done.begins) - 1
    if number != current or number == len(stages) - 1:
        return number < current
    return done.stopped or done.epochs >= done.begins[number] + stages[number].spec.epochs


def train_phase(
    run: Fitting,
    stages: Sequence[Stage],
    number: int,
    done: Reached,
    *,
    record: Record,
    selection: Selection,
) -> Trained:
    """Trains one phase of a run.

    Args:
        run: The run.
        stages: Its phases.
        number: Which of them, from 0.
        done: How far the run has come.
        record: What keeps the metrics of epochs.
        selection: What decides about epochs.
    """
    stage, spec, data = stages[number], stages[number].spec, run.data
    begun = number < len(done.begins) or not run.spec.phases
    begins = done.begins if begun else (*done.begins, done.epochs)
    of_phases = [f"phase {number + 1}/{len(stages)}"] if run.spec.phases else []
    until = (begins[-1] if begins else 0) + spec.epochs
    trainer = trainer_for(
        spec,
        run.directory,
        record,
        selection,
        device=run.device,
        devices=run.devices,
        label="  ".join(filter(None, [run.label, *of_phases])),
        resumed=done.epochs or None,
        epochs=until,
        total=until + sum(later.spec.epochs for later in stages[number + 1 :]),
        partly_used=len(run.graph.outputs) > 1,
    )
    device = trainer.strategy.root_device
    module = _module(run, stage, device, done, begins, begun=begun)
    skip_empty_hooks(module, *trainer.callbacks)  # type: ignore[attr-defined]

    def say(what: str) -> None:
        if is_main_process() and (of_phases or spec.freeze or spec.cache_features):
            where = "  ".join(filter(None, [run.label, *of_phases]))
            print(": ".join(filter(None, [where, what])), file=sys.stderr, flush=True)

    say(f"{totals(stage.graph).trainable:,} parameters are trained")
    if spec.cache_features:
        data = _with_features(run, stage, done, module, device, say)
    validation = data.splits["validation"]
    trainer.fit(
        module,
        _training_batches(run, data, trainer, done.epochs),
        evaluation_batches(validation) if validation.number else None,
        ckpt_path=run.last if done.epochs else None,
        weights_only=True,
    )
    module.rest = None
    goals = [c for c in trainer.callbacks if isinstance(c, StopAt)]  # type: ignore[attr-defined]
    return Trained(trainer, module, finished=any(goal.reached for goal in goals))


def _module(
    run: Fitting,
    stage: Stage,
    device: torch.device,
    done: Reached,
    begins: Sequence[int],
    *,
    begun: bool,
) -> TrainingModule:
    """Returns the network of a phase, with the weights to start from if it has not begun."""
    spec, data = stage.spec, run.data
    seed_everything(spec.seed, verbose=False)
    module = TrainingModule(
        stage.graph,
        spec,
        task_of(spec, data, main_output(run.graph).type.example),
        channels_last=has_channels_last(run.graph, spec, device),
        changes=changes_for(spec, data),
        begins=begins,
        begun=begun,
    )
    if run.start and not done.epochs:
        module.network.load_state_dict(dict(run.start.weights), strict=False)
    return module


def _with_features(
    run: Fitting,
    stage: Stage,
    done: Reached,
    module: TrainingModule,
    device: torch.device,
    say: Callable[[str], None],
) -> Dataset:
    """Returns the data, as features if there are any in this phase."""
    part = cut(scores_graph(stage.graph, run.spec.loss.name), stage.constant)
    if not part.worthwhile:
        return run.data
    if done.epochs:
        module.network.load_state_dict(load_weights(run.last))
    data, rest, size = featured(part, module.network, run.data, device)
    module.rest = torch.compile(rest.__call__) if run.spec.compile else rest
    number = sum(data.splits[name].number for name in ("train", "validation"))
    say(f"features of {number:,} examples are cached ({size / 2**20:,.1f} MiB)")
    return data


def _training_batches(
    run: Fitting, data: Dataset, trainer: Trainer, epoch: int
) -> DataLoader[Batch]:
    """Returns the batches of every epoch, of which the one given is the first."""
    spec, examples = run.spec, data.splits["train"]
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
