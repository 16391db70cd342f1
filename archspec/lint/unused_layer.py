"""A layer whose output nobody uses: the last one of a branch that was forgotten."""

from collections.abc import Iterator

from archspec.ir.treatment import Penalty
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network

_HELP = "name it in `outputs`, read it with `from:`, or remove it"
_NO_PENALTY = Penalty()


def unused_layer(network: Network) -> Iterator[Finding]:
    """Yields the nodes that make nothing which is read, leaves the network or adds to the loss."""
    used = network.reads.keys() | network.leaving
    for node in network.graph.nodes:
        if node.outputs[0].name in used or not used.isdisjoint(v.name for v in node.outputs):
            continue
        if node.treatment.output_penalty == _NO_PENALTY:
            yield Finding("W202", f"nothing uses the output of {named(node)}", _HELP, node)
