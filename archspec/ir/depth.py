"""How many layers deep a network is, as papers count: the 50 of ResNet-50."""

from collections.abc import Sequence

from archspec.ir.graph import Graph, Node, Value


def depth(graph: Graph) -> int:
    """Returns the most layers with weights that follow one another from an input to an output.

    Convolutions, linear and recurrent layers count (what has weights and multiply-adds);
    normalisation and training-only heads do not. A shortcut's projection is beside its block's
    body, not after it. Nor does a factor that is spread over a larger one, such as the gates of
    squeeze-and-excitation: SENet-154 has its 154 layers without them. Stacked recurrent layers
    count each, attention as one.
    """
    depths = {value.name: 0 for value in graph.inputs.values()}
    for node in graph.nodes:
        reached = max((depths[value.name] for value in _carriers(node)), default=0) + _layers(node)
        depths |= {value.name: reached for value in node.outputs}
    return max((depths[value.name] for value in graph.outputs.values()), default=0)


def _carriers(node: Node) -> Sequence[Value]:
    """Returns the inputs that are what the node continues: of a product not those it spreads."""
    if node.op.kind() != "multiply":
        return node.inputs
    whole = [value for value in node.inputs if value.type.shape == node.output.type.shape]
    return whole or node.inputs


def _layers(node: Node) -> int:
    if not node.facts.weights or node.macs() == 0:
        return 0
    return getattr(node.op, "num_layers", 1)
