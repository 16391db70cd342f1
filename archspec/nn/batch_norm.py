"""Batch normalisation that learns a scale or a shift alone."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm


class PartialBatchNorm(_BatchNorm):
    """Normalises `[N, C, ...]` over all axes but the channels, as Keras's layer does.

    Its tensors have the names of `torch.nn.BatchNorm2d`.

    Args:
        num_features: The number of channels.
        eps: Added to the variance.
        momentum: The weight of a new batch in the running statistics.
        scale: Whether there is a `weight` that the result is multiplied by.
        center: Whether there is a `bias` that is added to the result.
    """

    momentum: float
    num_batches_tracked: torch.Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        scale: bool = True,
        center: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine=False)
        if scale:
            self.weight = nn.Parameter(torch.ones(num_features))
        if center:
            self.bias = nn.Parameter(torch.zeros(num_features))

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns a tensor of the shape of the given one."""
        if self.training:
            self.num_batches_tracked.add_(1)
        return functional.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            # CUDA cannot go back through a layer that has one of them alone.
            torch.ones_like(self.running_mean) if self.weight is None else self.weight,
            torch.zeros_like(self.running_mean) if self.bias is None else self.bias,
            self.training,
            self.momentum,
            self.eps,
        )

    def _check_input_dim(self, input: torch.Tensor) -> None:  # noqa: A002 - torch's hook
        """Takes any number of axes."""
