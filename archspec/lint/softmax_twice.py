"""A softmax of what a softmax has made: probabilities that it evens out."""

from collections.abc import Iterator

from archspec.ir.graph import Node
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network

SOFTMAXES = ("softmax", "log_softmax")


def softmax_twice(network: Network) -> Iterator[Finding]:
    """Yields the softmaxes that follow another one along the same axis, logarithms included."""
    for node in network.having(lambda operator: operator.kind() in SOFTMAXES):
        first = softmax_before(node, network)
        if first is None:
            continue
        # softmax(log(p)) is p, so only the softmax of probabilities themselves changes them.
        harm = "evens out the probabilities" if first.op.kind() == "softmax" else "changes nothing"
        yield Finding(
            "W206",
            f"{named(node)} follows {named(first)}: the second time, softmax {harm}",
            "remove one of the two",
            node,
            ((first, "softmax is computed here already"),),
        )


def softmax_before(node: Node, network: Network) -> Node | None:
    """Returns the softmax that has made what a softmax gets, if there is one along its axis."""
    # The module is there already if the graph has a softmax, so only such a graph pays for it.
    from archspec.ops.base.axis_activation import AxisActivation

    first = network.origin(node.inputs[0])
    if first is None or not isinstance(first.op, AxisActivation):
        return None
    if not isinstance(node.op, AxisActivation):
        return None
    ranks = [len(each.output.type.shape) for each in (first, node)]
    same = ranks[0] == ranks[1] and (first.op.dim - node.op.dim) % ranks[0] == 0
    return first if same else None
