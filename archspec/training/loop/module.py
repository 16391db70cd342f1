"""The network with its loss, optimiser and metrics, as Lightning wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from lightning import LightningModule
from lightning.pytorch.callbacks import EarlyStopping
from torch import distributed, nn

from archspec.backends.torch import build
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.data.examples import Batch
from archspec.training.loop.checkpoints import PHASES
from archspec.training.loop.losses import loss_function
from archspec.training.loop.means import Means
from archspec.training.loop.metrics import Gathered
from archspec.training.loop.objective import scores_graph
from archspec.training.loop.optimizers import optimizer_for
from archspec.training.loop.regularize import MaxNorms, Penalties, with_penalised_outputs
from archspec.training.loop.schedules import LowerOnPlateau, schedules_for
from archspec.training.loop.task import Task, metric_names


class Judgement(NamedTuple):
    """What a network makes of a batch.

    Attributes:
        loss: What is minimised.
        outputs: The main output.
        parts: The losses of main output and heads by themselves, by their names, while a
            network with heads trains.
    """

    loss: torch.Tensor
    outputs: torch.Tensor
    parts: dict[str, torch.Tensor]


class TrainingModule(LightningModule):
    """A network in training.

    Training minimises the loss with those of auxiliary heads, by their weights, and the
    penalties on weights and outputs; `train_loss` is all of it, as in Keras, and in networks
    with heads `train_NAME_loss` is that of each and of the main output by itself. The losses
    of `validation` and `test` are the main output's alone, as are all metrics. Losses are
    means over the examples of an epoch, by their weights if they have any.

    Args:
        graph: The network.
        spec: The spec's `train` section.
        task: What the network tells of each example.
        changes: What is done to the batches of training, such as augmentation.
        begins: The epochs, from 0, after which the phases so far have begun, if there are any.
        channels_last: Whether images lie in memory with their channels last.
        begun: Whether the last of these phases goes on with a checkpoint of it, and not with one
            of the phase before.

    Attributes:
        network: The network up to its scores; its weights are the spec's.
        rest: What computes the scores of features, if batches are of them and not of examples.
    """

    def __init__(
        self,
        graph: Graph,
        spec: TrainSpec,
        task: Task,
        *,
        channels_last: bool = False,
        changes: nn.Module | None = None,
        begins: Sequence[int] = (),
        begun: bool = True,
    ) -> None:
        super().__init__()
        scores = scores_graph(graph, spec.loss.name)
        self.network = build(with_penalised_outputs(scores))
        self.rest: Callable[..., Any] | None = None
        self._channels_last = channels_last
        if channels_last:
            # What torch says of itself leaves this form of the call out.
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if spec.compile:
            self.network.compile()
        self._changes = changes
        self._begins, self._begun = tuple(begins), begun
        self._penalties = Penalties(scores)
        self._max_norms = MaxNorms(scores)
        self._spec = spec
        self._loss = loss_function(spec.loss)
        self._main = next(iter(scores.outputs))
        self._heads = {name: head.weight for name, head in scores.heads.items()}
        names = metric_names(spec, task)
        self._means = {stage: Means() for stage in ("train", "validation", "test")}
        self._metrics = {stage: Gathered(names, task) for stage in self._means}

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Sets an attribute; the one that Lightning sets some forty times in each step, at once.

        `nn.Module` judges whether a value is a weight or a module, which takes its time.
        """
        if name == "_current_fx_name":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def judge(self, batch: Batch) -> Judgement:
        """Returns what the network makes of a batch; while it trains, with heads and penalties."""
        inputs, targets, *rest = batch
        weights = rest[0] if rest else None
        if self._channels_last and inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        made = self.network(inputs) if self.rest is None else self.rest(self.network, inputs)
        outputs = made if isinstance(made, dict) else {self._main: made}
        main = outputs[self._main]
        loss = self._loss(main, targets, weights)
        parts = {}
        if self.training:
            if self._heads:
                parts[self._main] = loss
            for name, weight in self._heads.items():
                parts[name] = self._loss(outputs[name], targets, weights)
                loss = loss + weight * parts[name]
            for penalty in self._penalties.of(self.network, outputs):
                loss = loss + penalty
        return Judgement(loss, main, parts)

    def transfer_batch_to_device(
        self,
        batch: Batch,
        device: torch.device,
        dataloader_idx: int,  # noqa: ARG002 - Lightning's name
    ) -> Batch:
        """Returns a batch on a device; Lightning's own way is for batches of any structure."""
        return tuple(tensor.to(device, non_blocking=True) for tensor in batch)

    def training_step(self, batch: Batch, _index: int) -> torch.Tensor:
        """Returns the loss of a batch."""
        if self._changes is not None:
            batch = self._changes(*batch)
        loss, mass = self._recorded("train", batch)
        return loss if self.trainer.world_size == 1 else loss * _share(mass, loss)

    def validation_step(self, batch: Batch, _index: int) -> None:
        """Records loss and metrics of a batch."""
        self._recorded("validation", batch)

    def test_step(self, batch: Batch, _index: int) -> None:
        """Records loss and metrics of a batch."""
        self._recorded("test", batch)

    def on_validation_epoch_end(self) -> None:
        """Logs loss and metrics of the validation split."""
        self.conclude("validation")

    def on_test_epoch_end(self) -> None:
        """Logs loss and metrics of the test split."""
        self.conclude("test")

    def conclude(self, stage: str) -> None:
        """Logs loss and metrics of an epoch."""
        figures = self._means[stage].result() | self._metrics[stage].result()
        self.log_dict({f"{stage}_{n}": value for n, value in figures.items()}, logger=False)

    @property
    def finite(self) -> bool:
        """Whether the losses of this epoch's training have been numbers so far."""
        return self._means["train"].finite

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - one of Lightning's many forms
        """Returns the spec's optimiser and the schedules of its learning rate."""
        spec = self._spec
        # Lightning cannot clip what a fused optimiser has scaled.
        clipped = spec.gradient.clip_norm or spec.gradient.clip_value
        fused = spec.precision == "fp32" or (spec.precision == "bf16" and not clipped)
        optimizer = optimizer_for(
            spec.optimizer, self.network, fused=fused, factors=spec.learning_rates
        )
        if spec.schedule is None and not spec.warmup:
            return optimizer
        schedules = schedules_for(
            spec,
            optimizer,
            steps=self._steps_per_epoch * spec.epochs,
            batches=int(self.trainer.num_training_batches),
        )
        return [optimizer], schedules

    @property
    def _steps_per_epoch(self) -> int:
        # Lightning's number is that up to the last epoch, also of the phases before this one.
        epochs = self.trainer.max_epochs or 1
        return int(self.trainer.estimated_stepping_batches) // epochs

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Makes a step, and scales back the weights that it has taken beyond their bounds."""
        super().optimizer_step(*args, **kwargs)
        self._max_norms.enforce(self.network)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps which phase the checkpoint is of, and whether it has ended before its time."""
        if self._begins:
            stopping = [c for c in self.trainer.callbacks if isinstance(c, EarlyStopping)]  # type: ignore[attr-defined]
            stopped = any(callback.wait_count >= callback.patience for callback in stopping)
            checkpoint[PHASES] = {"begins": [*self._begins], "stopped": stopped}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leaves out what a phase begins anew: the optimiser, and what waits for improvement."""
        if self._begun:
            return
        checkpoint["optimizer_states"], checkpoint["lr_schedulers"] = [], []
        going_on = [
            callback.state_key
            for callback in self.trainer.callbacks  # type: ignore[attr-defined]
            if not isinstance(callback, (EarlyStopping, LowerOnPlateau))
        ]
        states = checkpoint["callbacks"]
        checkpoint["callbacks"] = {key: states[key] for key in going_on if key in states}

    def _recorded(self, stage: str, batch: Batch) -> tuple[torch.Tensor, torch.Tensor | float]:
        loss, outputs, parts = self.judge(batch)
        mass = batch[2].sum() if len(batch) > 2 else float(len(batch[1]))
        losses = {"loss": loss} | {f"{name}_loss": part for name, part in parts.items()}
        self._means[stage].add(losses, mass)
        self._metrics[stage].add(outputs, batch[1])
        return loss, mass


def _share(mass: torch.Tensor | float, like: torch.Tensor) -> torch.Tensor:
    """Returns the share of this process's batch in the step's, times the number of processes.

    Gradients are averaged over processes as if all batches were alike.
    """
    total = torch.as_tensor(mass, device=like.device, dtype=torch.float32).clone()
    distributed.all_reduce(total)
    return mass * distributed.get_world_size() / total
