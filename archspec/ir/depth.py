"""How many layers deep a network is, as papers count: the 50 of ResNet-50."""

from archspec.ir.graph import Graph, Node


def depth(graph: Graph) -> int:
    """Returns the most layers with weights that follow one another from an input to an output.

    Convolutions, linear and recurrent layers count (what has weights and multiply-adds);
    normalisation and training-only heads do not. A shortcut's projection is beside its block's
    body, not after it. Of a product the shallowest factor counts, as what gates a flow, such as
    squeeze-and-excitation, is no layer of it: SENet-154 has its 154 layers without the gates.
    """
    depths = {value.name: 0 for value in graph.inputs.values()}
    for node in graph.nodes:
        before = [depths[value.name] for value in node.inputs]
        reached = min(before) if node.op.kind() == "multiply" else max(before, default=0)
        reached += _is_layer(node)
        depths |= {value.name: reached for value in node.outputs}
    return max((depths[value.name] for value in graph.outputs.values()), default=0)


def _is_layer(node: Node) -> bool:
    return bool(node.facts.weights) and node.macs() != 0
