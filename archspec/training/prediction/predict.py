"""What a network says about examples, from its exported model or from its weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from archspec.backends.fit import check_fits
from archspec.backends.torch import build
from archspec.ir.graph import Graph

TOLERANCE = 1e-5
"""How far the outputs of two backends may differ, as a share of the largest above 1."""


def trained_network(graph: Graph, weights: Mapping[str, torch.Tensor]) -> nn.Module:
    """Returns the PyTorch network with the given weights, to be evaluated.

    Raises:
        MisfitError: The weights are not the graph's.
    """
    check_fits(graph, weights)
    network = build(graph).eval()
    network.load_state_dict(dict(weights), strict=False)  # heads may be left out
    return network


def main_outputs(
    network: nn.Module, graph: Graph, inputs: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    """Returns the main output of the PyTorch network for inputs by name."""
    with torch.inference_mode():
        made: torch.Tensor | dict[str, torch.Tensor] = network(**inputs)
    return made[next(iter(graph.outputs))] if isinstance(made, dict) else made
