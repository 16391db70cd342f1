"""The probabilities of classes that a model's outputs stand for."""

from __future__ import annotations

import numpy as np

from archspec.ir.graph import Graph
from archspec.training.loop.objective import ends_in


def probabilities(graph: Graph, outputs: np.ndarray, *, apart: bool = False) -> np.ndarray:
    """Returns the probabilities `[count, classes]` that scores stand for, or that they are.

    A single output is that of the second of two classes. What a model without a spec ends in is
    not known; what adds up to 1 are probabilities then.

    Args:
        graph: The network.
        outputs: The scores, or probabilities, `[count, outputs]`.
        apart: Whether each is that of a class by itself, so that they need not add up to 1.
    """
    if outputs.shape[1] == 1:
        yes = of_each(graph, outputs)
        return np.concatenate([1 - yes, yes], axis=1)
    if apart:
        return of_each(graph, outputs)
    if ends_in(graph, "softmax") or (not graph.nodes and _add_up(outputs)):
        return outputs
    with np.errstate(invalid="ignore"):  # a model may give infinities
        exponentials = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        made: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return made


def of_each(graph: Graph, outputs: np.ndarray) -> np.ndarray:
    """Returns the probability of yes, `[count, ...]`, that each output by itself stands for."""
    said: np.ndarray = 0.5 * (1 + np.tanh(outputs / 2))
    return outputs if ends_in(graph, "sigmoid") else said


def _add_up(outputs: np.ndarray) -> bool:
    return bool((outputs >= 0).all()) and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
