"""Warnings: what is legal in a network, but surely not what was meant.

A rule is one file: a function that is given a network and yields what it finds there. Rules
run when a spec has no errors. They say nothing of what published networks do on purpose.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from archspec.ir.graph import Graph
from archspec.lint.channels_last import channels_last
from archspec.lint.class_count import class_count
from archspec.lint.finding import Finding, Place, Training
from archspec.lint.idle_activation import idle_activation
from archspec.lint.loss_softmax import loss_softmax
from archspec.lint.missed_rows import missed_rows
from archspec.lint.needless_bias import needless_bias
from archspec.lint.network import Network
from archspec.lint.sigmoid_stack import sigmoid_stack
from archspec.lint.softmax_twice import softmax_twice
from archspec.lint.stacked_linear import stacked_linear
from archspec.lint.unread_input import unread_input
from archspec.lint.unused_layer import unused_layer

Rule: TypeAlias = Callable[[Network], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    unused_layer,
    unread_input,
    needless_bias,
    missed_rows,
    idle_activation,
    softmax_twice,
    stacked_linear,
    sigmoid_stack,
    channels_last,
    class_count,
    loss_softmax,
)


def find(graph: Graph, training: Training | None = None) -> list[Finding]:
    """Returns what all rules find in a network.

    Args:
        graph: A graph without errors.
        training: What its spec says of training, for the rules about losses and classes.
    """
    network = Network(graph, training)
    return [finding for rule in RULES for finding in rule(network)]


__all__ = ["RULES", "Finding", "Network", "Place", "Rule", "Training", "find"]
