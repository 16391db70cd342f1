"""Optimisers: torch's, of the weights that are not frozen."""

from __future__ import annotations

from typing import Any

import torch

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


def optimizer_for(
    spec: Optimizer, module: torch.nn.Module, *, fused: bool = True
) -> torch.optim.Optimizer:
    """Returns the optimiser of a module's weights that are not frozen.

    Args:
        spec: The optimiser that is chosen, and its options.
        module: The module.
        fused: Whether all weights may be changed at once, which is faster; gradients that are
            scaled, as for half precision, cannot be clipped then.
    """
    options: dict[str, Any] = spec.options.model_dump()
    if fused and spec.name in _FUSED:
        options["fused"] = True
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    return _OPTIMIZERS[spec.name](weights, **options)
