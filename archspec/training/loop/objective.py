"""What is trained: the scores of a network, whether it ends in them or in a softmax or sigmoid.

Training on such an end's input is exact where training on its output is not: cross-entropy of
scores neither overflows nor applies the softmax twice. What is left out owns no weights, so the
trained ones are those of the whole network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from archspec.ir.graph import Graph, Node, Value

ENDS: Mapping[str, tuple[str, ...]] = {
    "cross_entropy": ("softmax", "log_softmax"),
    "binary_cross_entropy": ("sigmoid", "log_sigmoid"),
}
"""What a loss has within it, so that a network may end in it and is trained on its input."""


def main_input(graph: Graph) -> Value:
    """Returns the input that the examples go to: the only one that can be trained."""
    return next(iter(graph.inputs.values()))


def main_output(graph: Graph) -> Value:
    """Returns the output that is trained and judged: the first."""
    return next(iter(graph.outputs.values()))


def trained_values(graph: Graph) -> dict[str, Value]:
    """Returns what has a loss, by name: the main output and the heads."""
    name = next(iter(graph.outputs))
    heads = {head_name: head.value for head_name, head in graph.heads.items()}
    return {name: graph.outputs[name], **heads}


def makers(graph: Graph, values: Iterable[Value]) -> list[Node]:
    """Returns the nodes that the values depend on, the last first."""
    needed = {value.name for value in values}
    found = []
    for node in reversed(graph.nodes):
        if needed & {value.name for value in node.outputs}:
            found.append(node)
            needed |= {value.name for value in node.inputs}
    return found


def ends_in(graph: Graph, kind: str) -> bool:
    """Returns whether the main output is what a softmax or sigmoid makes."""
    return _final(graph, main_output(graph), (kind,)) is not None


def scores_graph(graph: Graph, loss: str = "cross_entropy") -> Graph:
    """Returns the graph of the scores: main output and heads without what the loss has within it.

    A softmax that is read elsewhere, or whose output adds to the loss, stays in the graph.

    Args:
        graph: The network.
        loss: The name of the loss.
    """
    from archspec.training.loop.regularize import has_penalised_output

    kinds = ENDS.get(loss, ())
    (name, output), *_ = graph.outputs.items()
    outputs = {name: _scores(graph, output, kinds)}
    heads = {name: head._replace(value=_scores(graph, head.value, kinds))
             for name, head in graph.heads.items()}  # fmt: skip
    read = {value.name for node in graph.nodes for value in node.inputs}
    ends = [output, *(head.value for head in graph.heads.values())]
    dropped = {value.name for value in ends if _final(graph, value, kinds)} - read
    nodes = [
        node
        for node in graph.nodes
        if node.output.name not in dropped or has_penalised_output(node)
    ]
    return replace(graph, nodes=nodes, outputs=outputs, heads=heads)


def _scores(graph: Graph, value: Value, kinds: tuple[str, ...]) -> Value:
    end = _final(graph, value, kinds)
    return end.inputs[0] if end else value


def _final(graph: Graph, value: Value, kinds: tuple[str, ...]) -> Node | None:
    makers = (node for node in graph.nodes if node.output.name == value.name)
    return next((node for node in makers if node.op.kind() in kinds), None)
