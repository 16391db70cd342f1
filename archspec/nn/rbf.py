"""Euclidean radial basis functions, the output layer of LeNet-5."""

from __future__ import annotations

import torch
from torch import nn

SEED = 1998
"""Makes the initial vectors the same in every network."""


class RBF(nn.Module):
    """Computes `y_i = sum_j (x_j - w_ij)^2` over the last axis, `[..., in]` to `[..., out]`.

    `weight` is given, not learnt: a fixed pseudo-random choice of -1 and 1, until other
    values are loaded.

    Args:
        in_features: The size of the last axis.
        out_features: The number of vectors that the distance is taken to.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        empty = torch.empty(out_features, in_features)
        self.weight = nn.Parameter(empty, requires_grad=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the vectors to their initial values."""
        generator = torch.Generator("cpu").manual_seed(SEED)
        bits = torch.randint(2, self.weight.shape, generator=generator, device="cpu")
        self.weight.copy_(2 * bits - 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the squared distances."""
        return (x.unsqueeze(-2) - self.weight).square().sum(-1)
