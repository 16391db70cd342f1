"""A loss that squeezes what is squeezed already, so that it can hardly tell classes."""

from collections.abc import Iterator

from archspec.ir.graph import Node, Value
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network
from archspec.lint.softmax_twice import softmax_before

_SQUEEZED = ("softmax", "sigmoid", "hardsigmoid")
"""What a cross-entropy's own softmax or sigmoid would come after.

A softmax of log_softmax changes nothing.
"""

_OWN = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}
"""What losses apply themselves, so that training leaves it out where it is the very last layer."""


def loss_softmax(network: Network) -> Iterator[Finding]:
    """Yields what has squeezed the scores that a cross-entropy gets from main output and heads.

    Training computes cross-entropy on the input of a softmax that is the very last layer, and
    binary cross-entropy on that of a sigmoid.
    """
    training = network.training
    if training is None or training.loss not in _OWN:
        return
    own = _OWN[training.loss]
    for what, value in network.ends:
        node = _squeezer(value, network, own)
        if node is None:
            continue
        last = node.op.kind() == own
        yield Finding(
            "W402",
            f"{what} goes to {training.loss}, which applies {own} to what {named(node)} has "
            "squeezed already",
            "remove it" + (", or make it the very last layer, which training leaves out" * last),
            node,
            ((training.loss_span, "this loss takes scores"),),
        )


def _squeezer(value: Value, network: Network, own: str) -> Node | None:
    """Returns what has squeezed the scores that the loss gets, unless that is found otherwise."""
    last = network.makers.get(value.name)
    if last is not None and last.op.kind() == own:
        if own == "softmax" and softmax_before(last, network):
            return None
        value = last.inputs[0]
    node = network.origin(value)
    if node is not None and node.op.kind() == "average":
        makers = [network.origin(each) for each in node.inputs]
        return makers[0] if all(map(_squeezes, makers)) else None
    return node if _squeezes(node) else None


def _squeezes(node: Node | None) -> bool:
    return node is not None and node.op.kind() in _SQUEEZED
