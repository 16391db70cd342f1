"""What a network says about examples, from its exported model or from its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch

from archspec.backends.fit import check_fits
from archspec.backends.torch import build
from archspec.ir.graph import Graph
from archspec.training.data import EVALUATION_BATCH, Examples
from archspec.training.objective import ends_in_softmax

TOLERANCE = 1e-5
"""How far the outputs of two backends may differ."""


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
    tensor = torch.from_numpy(outputs)
    likely = tensor if ends_in_softmax(graph) else tensor.softmax(dim=1)
    best = likely.max(dim=1)
    classes = best.indices.numpy()
    return Predictions(outputs, classes, best.values.numpy(), classes == examples.targets.numpy())


def network_outputs(
    graph: Graph, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor
) -> np.ndarray:
    """Returns the main output of the PyTorch network with the given weights.

    Raises:
        MisfitError: The weights are not the graph's.
    """
    check_fits(graph, weights)
    network = build(graph).eval()
    network.load_state_dict(dict(weights), strict=False)  # heads may be left out
    with torch.inference_mode():
        made = [network(batch) for batch in torch.split(inputs, EVALUATION_BATCH)]
    main = next(iter(graph.outputs))
    return torch.cat([batch[main] if isinstance(batch, dict) else batch for batch in made]).numpy()
