"""Losses: of a network's outputs and the targets, as a mean over the examples by their weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch.nn import functional

from archspec.frontend.train_schema import Loss

LossFunction: TypeAlias = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]

_FUNCTIONS: dict[str, Callable[..., torch.Tensor]] = {
    "cross_entropy": functional.cross_entropy,
    "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
}


def loss_function(spec: Loss) -> LossFunction:
    """Returns the loss of outputs `[batch, ...]`, targets and, if there are any, weights `[batch]`.

    Cross-entropies take scores. With weights it is `sum(weight * loss) / sum(weight)` over the
    batch, as torch's `cross_entropy` with weights of classes has it.
    """
    function = _FUNCTIONS[spec.name]
    options = spec.options.model_dump()
    by_output = spec.name != "cross_entropy"
    binary = spec.name == "binary_cross_entropy"
    smoothing = options.pop("label_smoothing") if binary else 0.0

    def loss(
        outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None
    ) -> torch.Tensor:
        if by_output:
            targets = targets.reshape(outputs.shape).to(outputs.dtype)
        if smoothing:
            targets = targets * (1 - smoothing) + smoothing / 2
        if weights is None:
            return function(outputs, targets, **options)
        losses = function(outputs, targets, reduction="none", **options)
        total = weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)  # all may weigh nothing
        return (losses.reshape(len(weights), -1).mean(dim=1) * weights).sum() / total

    return loss
