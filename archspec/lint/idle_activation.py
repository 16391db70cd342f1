"""An activation that does nothing, because of where the values are that reach it."""

from collections.abc import Iterator

from archspec.ir.graph import Node
from archspec.ir.interval import ANY, Interval
from archspec.ir.op import Operator
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network


def idle_activation(network: Network) -> Iterator[Finding]:
    """Yields the activations whose input is within what they hand on as it is."""
    known: dict[str, Interval] = {}
    says: dict[type[Operator], bool] = {}
    for node in network.graph.nodes:
        op = node.op
        operator = type(op)
        if operator not in says:
            says[operator] = _says_something(operator)
        if not says[operator]:
            continue
        given = [known.get(value.name, ANY) for value in node.inputs]
        if op.keeps is not None and given[0].within(op.keeps):
            yield _finding(node, given[0], network)
        made = op.interval_of(*given)
        if made != ANY:
            for value in node.outputs:
                known[value.name] = made


def _says_something(operator: type[Operator]) -> bool:
    own = operator.interval_of is not Operator.interval_of
    some = operator.keeps is not None or operator.makes != ANY
    return own or some or operator.passes or operator.moves


def _finding(node: Node, values: Interval, network: Network) -> Finding:
    said = "never negative" if values.high > 1e30 else f"from {values.low:g} to {values.high:g}"
    source = _source(node, network)
    return Finding(
        "W206",
        f"{named(node)} changes nothing: what it gets is {said} already",
        "remove it, or put in what was to come before it, such as a `linear` or a convolution",
        node,
        ((source, f"{said} after this"),) if source else (),
    )


def _source(node: Node, network: Network) -> Node | None:
    """Returns the node that puts the values where they are, or that joins several such."""
    maker = network.origin(node.inputs[0])
    while maker is not None and maker.op.moves and len(maker.inputs) == 1:
        maker = network.origin(maker.inputs[0])
    return maker
