"""How training treats the weights of a node: where they start, what holds them down."""

from collections.abc import Mapping
from typing import NamedTuple


class Initializer(NamedTuple):
    """What fills a weight before training.

    Attributes:
        target: The dotted name of a function of `torch.nn.init`.
        arguments: Its keyword arguments.
    """

    target: str
    arguments: Mapping[str, object] = {}


class Penalty(NamedTuple):
    """What is added to the loss for a tensor `x`: `l1 * sum(|x|) + l2 * sum(x²)`, as in Keras."""

    l1: float = 0.0
    l2: float = 0.0


class Treatment(NamedTuple):
    """How training treats a node.

    A parameter with `bias` in its name is a bias, all others are weights.

    Attributes:
        frozen: Whether training leaves the node as it is, batch norm's statistics included.
        weight_init: What fills the weights, if not torch's default.
        bias_init: What fills the biases, if not torch's default.
        weight_penalty: What the weights add to the loss.
        bias_penalty: What the biases add to the loss.
        output_penalty: What the main output adds to the loss, as the mean over the batch.
        max_norm: The largest Euclidean norm of the weights of one output unit, or of one row
            of an embedding, kept by scaling after each step.
    """

    frozen: bool = False
    weight_init: Initializer | None = None
    bias_init: Initializer | None = None
    weight_penalty: Penalty = Penalty()
    bias_penalty: Penalty = Penalty()
    output_penalty: Penalty = Penalty()
    max_norm: float | None = None


UNTREATED = Treatment()
"""Torch's defaults."""


def is_bias(name: str) -> bool:
    """Returns whether a parameter of this name is a bias."""
    return "bias" in name.rpartition(".")[2]
