"""Optimisers: torch's, of the weights that are not frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from archspec.frontend.layer_names import matching
from archspec.frontend.train_schema import Optimizer

_OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
}

_FUSED = frozenset({"adam", "adamw", "sgd", "adagrad"})
"""Those that torch can make a step of at once for all weights, on every device."""


FACTOR = "factor"
"""What a group of parameters calls the factor of its learning rate, if factors are given."""


def optimizer_for(
    spec: Optimizer,
    module: torch.nn.Module,
    *,
    fused: bool = True,
    factors: Mapping[str, float] | None = None,
) -> torch.optim.Optimizer:
    """Returns the optimiser of a module's weights that are not frozen.

    Args:
        spec: The optimiser that is chosen, and its options.
        module: The module.
        fused: Whether all weights may be changed at once, which is faster; gradients that are
            scaled, as for half precision, cannot be clipped then.
        factors: What the learning rate is multiplied by, by the pattern of weights' names in the
            module; the first that matches counts. Each is a group of parameters; the first group
            is that of all others, if there are any.
    """
    options: dict[str, Any] = spec.options.model_dump()
    if fused and spec.name in _FUSED:
        options["fused"] = True
    weights = {name: w for name, w in module.named_parameters() if w.requires_grad}
    if not factors:
        return _OPTIMIZERS[spec.name]([*weights.values()], **options)
    patterns = {name: next(matching(name, [*factors]), "") for name in weights}
    groups = [
        {"params": made, "lr": options["lr"] * factor, FACTOR: factor}
        for pattern, factor in {"": 1.0, **factors}.items()
        if (made := [weight for name, weight in weights.items() if patterns[name] == pattern])
    ]
    return _OPTIMIZERS[spec.name](groups, **options)


def rate_of(optimizer: torch.optim.Optimizer) -> float:
    """Returns the learning rate as it is now, without the factors of groups."""
    first = optimizer.param_groups[0]
    return first["lr"] / first[FACTOR] if FACTOR in first else first["lr"]  # type: ignore[no-any-return]
