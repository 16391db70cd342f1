"""What a network says about examples, from its exported model or from its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from archspec.backends.fit import check_fits
from archspec.backends.torch import build
from archspec.ir.graph import Graph
from archspec.training.data import Examples
from archspec.training.objective import ends_in_softmax

TOLERANCE = 1e-5
"""How far the outputs of two backends may differ, as a share of the largest above 1."""


class Predictions(NamedTuple):
    """What was said about each example.

    Attributes:
        outputs: The main output, `[count, classes]`.
        classes: The number of the most probable class, `[count]`.
        probabilities: Its probability, `[count]`.
        correct: Whether it is the true one, `[count]`.
    """

    outputs: np.ndarray
    classes: np.ndarray
    probabilities: np.ndarray
    correct: np.ndarray

    @property
    def accuracy(self) -> float:
        """The share of correct predictions."""
        return float(self.correct.mean())


def judge(graph: Graph, outputs: np.ndarray, examples: Examples) -> Predictions:
    """Returns the predictions that outputs `[count, classes]` stand for.

    A network that does not end in softmax gives scores, whose softmax is taken here.
    """
    best = torch.from_numpy(probabilities(graph, outputs)).max(dim=1)
    classes = best.indices.numpy()
    return Predictions(outputs, classes, best.values.numpy(), classes == examples.targets.numpy())


def probabilities(graph: Graph, outputs: np.ndarray) -> np.ndarray:
    """Returns the probabilities `[count, classes]` that scores stand for, or that they are.

    What a model without a spec ends in is not known; what adds up to 1 are probabilities then.
    """
    tensor = torch.from_numpy(outputs)
    if ends_in_softmax(graph) or (not graph.nodes and _add_up(tensor)):
        return outputs
    return tensor.softmax(dim=1).numpy()


def _add_up(outputs: torch.Tensor) -> bool:
    sums = outputs.sum(dim=1)
    return bool((outputs >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-3)


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
