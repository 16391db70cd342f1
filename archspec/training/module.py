"""The network with its loss, optimiser and metrics, as Lightning wants them."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from lightning import LightningModule

from archspec.backends.torch import build
from archspec.frontend.train_schema import Optimizer, TrainSpec
from archspec.ir.graph import Graph
from archspec.training.objective import loss_function, scores_graph
from archspec.training.regularize import MaxNorms, Penalties, with_penalised_outputs

Batch: TypeAlias = tuple[torch.Tensor, torch.Tensor]

_OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}


def optimizer_for(spec: Optimizer, module: torch.nn.Module) -> torch.optim.Optimizer:
    """Returns the optimiser of a module's weights that are not frozen."""
    options: dict[str, Any] = spec.options.model_dump()
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    return _OPTIMIZERS[spec.name](weights, **options)


class TrainingModule(LightningModule):
    """A network in training.

    Training minimises the loss with those of auxiliary heads, by their weights, and the
    penalties on weights and outputs; `train_loss` is all of it, as in Keras. The losses of
    `validation` and `test` are the main output's alone. Accuracy is the main output's.
    Metrics are means over the examples of an epoch.

    Attributes:
        network: The network up to its scores; its weights are the spec's.
    """

    def __init__(self, graph: Graph, spec: TrainSpec) -> None:
        super().__init__()
        scores = scores_graph(graph)
        self.network = build(with_penalised_outputs(scores))
        self._penalties = Penalties(scores)
        self._max_norms = MaxNorms(scores)
        self._spec = spec
        self._loss = loss_function(spec.loss)
        self._main = next(iter(scores.outputs))
        self._heads = {name: head.weight for name, head in scores.heads.items()}

    def judge(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns loss, while training with heads and penalties, and accuracy of a batch."""
        inputs, targets = batch
        made = self.network(inputs)
        outputs = made if isinstance(made, dict) else {self._main: made}
        scores = outputs[self._main]
        loss = self._loss(scores, targets)
        if self.training:
            for name, weight in self._heads.items():
                loss = loss + weight * self._loss(outputs[name], targets)
            for penalty in self._penalties.of(self.network, outputs):
                loss = loss + penalty
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

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Makes a step, and scales back the weights that it has taken beyond their bounds."""
        super().optimizer_step(*args, **kwargs)
        self._max_norms.enforce(self.network)

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
