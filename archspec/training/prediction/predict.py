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
from archspec.training.data.dataset import Examples
from archspec.training.prediction.probabilities import probabilities

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
    likely = probabilities(graph, outputs)
    classes = likely.argmax(axis=1)
    return Predictions(outputs, classes, likely.max(axis=1), classes == examples.targets.numpy())


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
