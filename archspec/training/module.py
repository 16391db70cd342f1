"""The network with its loss, optimiser and metrics, as Lightning wants them."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from lightning import LightningModule

from archspec.backends.torch import build
from archspec.frontend.train_schema import Optimizer, TrainSpec
from archspec.ir.graph import Graph
from archspec.training.objective import loss_function, scores_graph

Batch: TypeAlias = tuple[torch.Tensor, torch.Tensor]

_OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}


def optimizer_for(spec: Optimizer, module: torch.nn.Module) -> torch.optim.Optimizer:
    """Returns the optimiser of a module's weights."""
    options: dict[str, Any] = spec.options.model_dump()
    return _OPTIMIZERS[spec.name](module.parameters(), **options)


class TrainingModule(LightningModule):
    """A network in training.

    The losses of auxiliary heads are added with their weights; accuracy is the main
    output's. Metrics are means over the examples of an epoch: `train_loss`,
    `train_accuracy`, and the same for `validation` and `test`.

    Attributes:
        network: The network up to its scores; its weights are the spec's.
    """

    def __init__(self, graph: Graph, spec: TrainSpec) -> None:
        super().__init__()
        scores = scores_graph(graph)
        self.network = build(scores)
        self._spec = spec
        self._loss = loss_function(spec.loss)
        self._main = next(iter(scores.outputs))
        self._heads = {name: head.weight for name, head in scores.heads.items()}

    def judge(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns loss, with those of the heads while training, and accuracy of a batch."""
        inputs, targets = batch
        outputs = self.network(inputs)
        heads = self._heads if isinstance(outputs, dict) else {}
        scores = outputs[self._main] if heads else outputs
        loss = self._loss(scores, targets)
        for name, weight in heads.items():
            loss = loss + weight * self._loss(outputs[name], targets)
        return loss, (scores.argmax(dim=1) == targets).float().mean()

    def training_step(self, batch: Batch, _index: int) -> torch.Tensor:
        """Returns the loss of a batch."""
        return self._recorded("train", batch)

    def validation_step(self, batch: Batch, _index: int) -> None:
        """Records loss and accuracy of a batch."""
        self._recorded("validation", batch)

    def test_step(self, batch: Batch, _index: int) -> None:
        """Records loss and accuracy of a batch."""
        self._recorded("test", batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Returns the spec's optimiser."""
        return optimizer_for(self._spec.optimizer, self)

    def _recorded(self, stage: str, batch: Batch) -> torch.Tensor:
        loss, accuracy = self.judge(batch)
        self.log_dict(
            {f"{stage}_loss": loss.detach(), f"{stage}_accuracy": accuracy},
            on_step=False,
            on_epoch=True,
            logger=False,
            batch_size=len(batch[1]),
        )
        return loss
