"""A bias before batch norm, which takes it away again with the mean of the channel."""

from collections import Counter
from collections.abc import Iterator

from archspec.ir.graph import Node
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network

_NORMS = ("batch_norm", "instance_norm")
"""What takes from each channel the mean of that channel alone.

`layer_norm` and `group_norm` take the mean of several: a bias moves channels against each other.
"""


def needless_bias(network: Network) -> Iterator[Finding]:
    """Yields the layers whose bias goes to nothing but such norms, wherever they are reused."""
    found: dict[str, tuple[Node, Node]] = {}
    norms = network.having(lambda operator: operator.kind() in _NORMS)
    for norm in norms:
        maker = network.makers.get(norm.inputs[0].name)
        if maker is not None and maker.path not in found and _has_own_bias(maker):
            found[maker.path] = (maker, norm)
    if not found:
        return
    normed = Counter(norm.inputs[0].name for norm in norms)
    for node in network.having(lambda operator: operator.mixes is not None):
        name = node.output.name
        if name in network.leaving or network.reads[name] > normed[name]:
            found.pop(node.owner, None)
    for node, norm in found.values():
        yield _finding(node, norm)


def _has_own_bias(node: Node) -> bool:
    """Returns whether a layer owns a bias that it adds to whole channels."""
    axis, rank = node.op.mixes, len(node.output.type.shape)
    return axis is not None and axis % rank == 1 and "bias" in node.parameters()


def _finding(node: Node, norm: Node) -> Finding:
    own = "bias" in norm.facts.tensors
    return Finding(
        "W204",
        f"the bias of {named(node)} is lost: {norm.op.kind()} takes the mean of each channel away",
        "write `bias: false`" + (f"; {norm.op.kind()} has a bias of its own" if own else ""),
        node,
        ((norm, "this one adds its own bias" if own else "it is lost here"),),
    )
