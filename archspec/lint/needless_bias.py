"""A bias before batch norm, which takes it away again with the mean of the channel."""

from collections.abc import Iterator, Set

from archspec.ir.axes import resolve_axis
from archspec.ir.graph import Node
from archspec.ir.op import Operator
from archspec.ir.treatment import Penalty
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network

_NORMS = ("batch_norm", "instance_norm")
"""What takes from each channel the mean of that channel alone.

`layer_norm` and `group_norm` take the mean of several: a bias moves channels against each other.
"""

_SAME = ("add", "subtract", "average", "identity", "flatten")
"""What adds to its output's channels what is added to those of an input."""

_NO_PENALTY = Penalty()


def needless_bias(network: Network) -> Iterator[Finding]:
    """Yields the layers whose bias goes to nothing but such norms, wherever they are reused.

    What is frozen was learnt elsewhere: its bias is given.
    """
    norms = network.having(lambda operator: operator.kind() in _NORMS)
    if not norms:
        return
    frozen = {node.path for node in network.graph.nodes if node.treatment.frozen}
    lost = _lost(network, {norm.path for norm in norms if not _goes_by_statistics(norm, frozen)})
    found: dict[str, tuple[Node, Node]] = {}
    kept = set(frozen)
    for node in network.having(lambda operator: operator.mixes is not None):
        norm = lost.get(node.output.name)
        if norm is None or not _is_of_channels(node):
            kept.add(node.owner)
        elif "bias" in node.parameters():
            found[node.path] = (node, norm)
    for path, (node, norm) in found.items():
        if path not in kept:
            yield _finding(node, norm)


def _lost(network: Network, norms: Set[str]) -> dict[str, Node]:
    """Returns where numbers that are added to the channels of a value are lost, by its name."""
    lost: dict[str, Node] = {}
    kept = set(network.leaving)
    for node in reversed(network.graph.nodes):  # so that what reads a value is judged before
        name = node.output.name
        if node.treatment.output_penalty != _NO_PENALTY:
            kept.add(name)
        norm = node if node.path in norms else None
        if norm is None and name in lost and name not in kept and _hands_on(node):
            norm = lost[name]
        for value in node.inputs:
            if norm is None:
                kept.add(value.name)
            else:
                lost[value.name] = norm
    return {name: norm for name, norm in lost.items() if name not in kept}


def _goes_by_statistics(norm: Node, frozen: Set[str]) -> bool:
    """Returns whether training too takes a running mean away, not that of what comes in."""
    return norm.owner in frozen and "running_mean" in norm.facts.tensors


def _hands_on(node: Node) -> bool:
    """Returns whether numbers added to the channels of its inputs are added to its output's."""
    kind = node.op.kind()
    if kind == "concat":
        return _joins_channels(node)
    if "_pool" in kind:
        return not _counts_zeros(node.op)
    return kind in _SAME


def _joins_channels(concat: Node) -> bool:
    from archspec.ops.concat import Concat  # only where there is one

    return isinstance(concat.op, Concat) and resolve_axis(concat.op.dim, concat.output.type) == 1


def _counts_zeros(pooling: Operator) -> bool:
    """Returns whether zeros from outside have a part in the means of a pooling."""
    from archspec.ops.base.avg_pooling import AvgPooling  # only where a norm and a pooling are

    return isinstance(pooling, AvgPooling) and pooling.count_include_pad and any(pooling.amounts)


def _is_of_channels(node: Node) -> bool:
    """Returns whether the bias that a layer adds is one number for each channel."""
    axis = node.op.mixes
    return axis is not None and axis % len(node.output.type.shape) == 1


def _finding(node: Node, norm: Node) -> Finding:
    own = "bias" in norm.facts.tensors
    return Finding(
        "W204",
        f"the bias of {named(node)} is lost: {norm.op.kind()} takes the mean of each channel away",
        "write `bias: false`" + (f"; {norm.op.kind()} has a bias of its own" if own else ""),
        node,
        ((norm, "this one adds its own bias" if own else "it is lost here"),),
    )
