"""Examples mixed with others of their batch: mixup and CutMix."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional


class Mixed(NamedTuple):
    """A batch whose targets can be mixed.

    Attributes:
        inputs: The examples `[count, ...]`.
        targets: Shares of classes `[count, classes]`, or values `[count, ...]`.
        weights: Their weights in the loss `[count]`, if they have any.
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor | None = None


def soft_targets(targets: torch.Tensor, classes: int) -> torch.Tensor:
    """Returns targets that can be mixed: numbers of classes as one-hot rows, others as values.

    Args:
        targets: The targets `[count, ...]`.
        classes: How many classes their numbers tell apart; 0 if they are values.
    """
    if targets.is_floating_point() or not classes:
        return targets.float()
    return functional.one_hot(targets, classes).float()


def mixup(batch: Mixed, alpha: float) -> Mixed:
    """Returns each example blended with another one (Zhang et al. 2018).

    `λ x + (1 - λ) x'` with its own `λ` from Beta(alpha, alpha), and its targets alike.
    """
    inputs, partner = batch.inputs, _partners(batch.inputs)
    share = _beta(alpha, inputs)
    blended = torch.lerp(inputs[partner], inputs, _along(share, inputs))
    return _with_targets(batch, blended, share, partner)


def cutmix(batch: Mixed, alpha: float) -> Mixed:
    """Returns each image `[C, H, W]` with a rectangle of another one (Yun et al. 2019).

    Its sides are those of the image times `sqrt(1 - λ)`, with its own `λ` from Beta(alpha,
    alpha), about a random pixel; targets are mixed by the area that is in the image.
    """
    images, partner = batch.inputs, _partners(batch.inputs)
    sizes = images.new_tensor(images.shape[2:]).unsqueeze(1)
    half = sizes * (1 - _beta(alpha, images)).sqrt() / 2
    centre = torch.rand(2, len(images), device=images.device) * sizes
    first, last = ((centre + sign * half).clamp(min=0).minimum(sizes).round() for sign in (-1, 1))
    down, across = (
        (places >= start.unsqueeze(1)) & (places < end.unsqueeze(1))
        for places, start, end in zip(
            (torch.arange(n, device=images.device) for n in images.shape[2:]),
            first,
            last,
            strict=True,
        )
    )
    inside = (down.unsqueeze(2) & across.unsqueeze(1)).unsqueeze(1)
    share = 1 - inside.float().mean((1, 2, 3))
    return _with_targets(batch, torch.where(inside, images[partner], images), share, partner)


def _with_targets(
    batch: Mixed, inputs: torch.Tensor, share: torch.Tensor, partner: torch.Tensor
) -> Mixed:
    """Returns mixed inputs with targets of which `share` are the example's own.

    Weights are mixed so that a cross-entropy is that of both targets, each by its own weight.
    """
    targets, weights = batch.targets, batch.weights
    if weights is not None:
        own, other = share * weights, (1 - share) * weights[partner]
        weights = own + other
        share = torch.where(weights > 0, own / weights, share)
    mixed = torch.lerp(targets[partner], targets, _along(share, targets))
    return Mixed(inputs, mixed, weights)


def _partners(inputs: torch.Tensor) -> torch.Tensor:
    return torch.randperm(len(inputs), device=inputs.device)


def _beta(alpha: float, inputs: torch.Tensor) -> torch.Tensor:
    """Returns a number for each example, drawn where every device can draw it."""
    drawn = torch.distributions.Beta(alpha, alpha).sample((len(inputs),))
    return drawn.to(inputs.device, inputs.dtype)


def _along(share: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Returns shares `[count]` as they are broadcast over `[count, ...]`."""
    return share.reshape(-1, *(1,) * (values.ndim - 1))
