"""An exported model beside the PyTorch network that it was made from, on the same examples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from archspec.backends.torch import memory_errors
from archspec.ir.graph import Graph
from archspec.training.prediction.given import Batch, Given
from archspec.training.prediction.predict import TOLERANCE, main_outputs, trained_network


class Comparison:
    """How far a model is from its network.

    Attributes:
        weights: Where the network's weights come from.
        difference: How far the main outputs differ at most.
    """

    def __init__(
        self, weights: Path, values: Mapping[str, torch.Tensor], graph: Graph, given: Given
    ) -> None:
        """Builds the network.

        Args:
            weights: Where the values come from.
            values: The network's weights.
            graph: The network.
            given: The examples.

        Raises:
            MisfitError: The weights are not the graph's.
        """
        self.weights, self.difference = weights, 0.0
        self._network, self._graph = trained_network(graph, values), graph
        self._largest, self._truths = 0.0, given.truths
        self._right, self._count = np.zeros(2, np.int64), 0
        self._main = next(iter(graph.outputs))

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Takes the outputs for a batch, by name."""
        inputs = {name: torch.from_numpy(array) for name, array in batch.inputs.items()}
        with memory_errors():
            ours = main_outputs(self._network, self._graph, inputs).numpy()
        theirs = outputs[self._main]
        with np.errstate(all="ignore"):  # a model may give infinities
            # Not max(), to which a value that is no number is never the larger one.
            difference = np.abs(ours - theirs).max(initial=self.difference)
        self.difference = float(difference)
        self._largest = float(np.abs(ours).max(initial=self._largest))
        if ours.ndim == 2:
            choices = np.stack([ours.argmax(1), theirs.argmax(1)])
            self._right += (choices == self._truths[batch.places]).sum(axis=1)
            self._count += len(batch.places)

    @property
    def accuracy(self) -> float:
        """The share of examples whose class the network finds."""
        return float(self._right[0] / max(1, self._count))

    @property
    def agrees(self) -> bool:
        """Whether the difference is as good as none, and as many classes are found."""
        alike = self._right[0] == self._right[1]
        return bool(alike and self.difference <= TOLERANCE * max(1, self._largest))
