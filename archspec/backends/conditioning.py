"""Whether rounding errors stay small in a network, and random weights under which they do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from archspec.backends.torch import Network


def settled(
    network: Network, weights: Mapping[str, np.ndarray], inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns weights with the statistics of what inputs become under them.

    With statistics that are random, values grow from block to block of a deep residual network,
    until gates such as squeeze-and-excitation's are all but switches, and a rounding error
    decides which of them let pass.

    Args:
        network: The network in evaluation mode, whose weights are changed.
        weights: Its weights and statistics, by `path.name`.
        inputs: At least two examples for each input.
    """
    measuring = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    if not measuring:
        return dict(weights)
    fill(network, weights)
    for module in measuring:
        module.train()
        module.momentum = 1.0
    with torch.no_grad():
        network(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    network.eval()
    state = network.state_dict()
    return {name: state[name].numpy().copy() for name in weights}


def fill(network: Network, weights: Mapping[str, np.ndarray]) -> None:
    """Gives a network its weights; counters, and weights of heads, may be missing."""
    # torch warns of arrays that it could not write to.
    tensors = {
        name: torch.from_numpy(array if array.flags.writeable else array.copy())
        for name, array in weights.items()
    }
    network.load_state_dict(tensors, strict=False)


def noise(network: Network, inputs: Mapping[str, np.ndarray]) -> float:
    """Returns how far outputs in single precision are from those in double precision.

    That is `max|a - b| / max|b|`, of the output where it is the largest. Where it is large,
    rounding decides what comes out, and two right implementations may differ.

    Args:
        network: The network in evaluation mode, which is in single precision again afterwards.
        inputs: The arrays for each input.
    """
    single = _outputs(network, inputs, torch.float32)
    double = _outputs(network.double(), inputs, torch.float64)
    network.float()
    shares = [
        float((a.double() - b).abs().max() / b.abs().max().clamp(min=torch.finfo(b.dtype).tiny))
        for a, b in zip(single, double, strict=True)
    ]
    return max(shares, default=0.0)


def _outputs(
    network: Network, inputs: Mapping[str, np.ndarray], dtype: torch.dtype
) -> list[torch.Tensor]:
    tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
    with torch.no_grad():
        made = network(**{
            name: tensor.to(dtype) if tensor.is_floating_point() else tensor
            for name, tensor in tensors.items()
        })  # fmt: skip
    return [*made.values()] if isinstance(made, dict) else [made]
