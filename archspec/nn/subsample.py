"""The trainable sub-sampling of LeNet-5, which `torch.nn` does not have."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class Subsample2d(nn.Module):
    """Sums each window, times a learnt coefficient plus a learnt bias of the channel.

    LeCun et al. 1998, section II.B. The coefficients begin uniformly within 2.4 divided by
    the number of values in a window, as all weights do there (appendix A); biases begin at 0.

    Args:
        channels: The number of channels.
        kernel_size: Height and width of a window.
        stride: The step between two windows along each axis.
    """

    def __init__(
        self, channels: int, kernel_size: tuple[int, int], stride: tuple[int, int]
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Gives the parameters their initial values."""
        bound = 2.4 / (self.kernel_size[0] * self.kernel_size[1])
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.zeros_(self.bias)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns `[N, C, H', W']` of `[N, C, H, W]`."""
        sums = functional.avg_pool2d(input, self.kernel_size, self.stride, divisor_override=1)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]

    def extra_repr(self) -> str:
        """Returns the arguments, as torch prints them."""
        return f"{len(self.weight)}, kernel_size={self.kernel_size}, stride={self.stride}"
