"""Means of losses over an epoch, kept on the device until they are asked for."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import distributed


class Means:
    """Means of several figures over the examples seen, each batch counting by its mass."""

    def __init__(self) -> None:
        self._sums: dict[str, torch.Tensor] = {}
        self._mass: torch.Tensor | float = 0.0

    def add(self, figures: Mapping[str, torch.Tensor], mass: torch.Tensor | float) -> None:
        """Adds the means of a batch.

        Args:
            figures: The means, by name.
            mass: The number of its examples, or the sum of their weights.
        """
        for name, figure in figures.items():
            part = figure.detach().float() * mass
            known = self._sums.get(name)
            self._sums[name] = part if known is None else known + part
        self._mass = self._mass + mass

    @property
    def finite(self) -> bool:
        """Whether all of them are numbers so far."""
        return all(bool(total.isfinite()) for total in self._sums.values())

    def result(self) -> dict[str, torch.Tensor]:
        """Returns the means by name, over all processes, and begins anew."""
        sums, mass = self._sums, self._mass
        self._sums, self._mass = {}, 0.0
        if not sums:
            return {}
        whole = torch.stack([*sums.values(), torch.as_tensor(mass, device=_device(sums))])
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(whole)
        return dict(zip(sums, (whole[:-1] / whole[-1]).unbind(), strict=True))


def _device(sums: Mapping[str, torch.Tensor]) -> torch.device:
    return next(iter(sums.values())).device
