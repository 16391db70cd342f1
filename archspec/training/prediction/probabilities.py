"""The probabilities of classes that a model's outputs stand for."""

from __future__ import annotations

import numpy as np

from archspec.ir.graph import Graph
from archspec.training.loop.objective import ends_in


def probabilities(graph: Graph, outputs: np.ndarray) -> np.ndarray:
    """Returns the probabilities `[count, classes]` that scores stand for, or that they are.

    A single output is that of the second of two classes. What a model without a spec ends in is
    not known; what adds up to 1 are probabilities then.
    """
    if outputs.shape[1] == 1:
        yes = outputs if ends_in(graph, "sigmoid") else 0.5 * (1 + np.tanh(outputs / 2))
        return np.concatenate([1 - yes, yes], axis=1)
    if ends_in(graph, "softmax") or (not graph.nodes and _add_up(outputs)):
        return outputs
    with np.errstate(invalid="ignore"):  # a model may give infinities
        exponentials = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        made: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return made


def _add_up(outputs: np.ndarray) -> bool:
    return bool((outputs >= 0).all()) and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
