"""What is trained: the scores of a network, whether it ends in them or in a softmax.

Training on the softmax's input is exact where training on its output is not: cross-entropy
of scores neither overflows nor applies the softmax twice. A softmax owns no weights, so
the trained ones are those of the whole network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import torch
from torch.nn.functional import cross_entropy

from archspec.frontend.train_schema import Loss
from archspec.ir.graph import Graph, Node, Value
from archspec.training.regularize import has_penalised_output

LossFunction: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def loss_function(spec: Loss) -> LossFunction:
    """Returns the loss of scores `[batch, classes]` and class numbers `[batch]`."""
    return partial(cross_entropy, **spec.options.model_dump())


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


def ends_in_softmax(graph: Graph) -> bool:
    """Returns whether the main output is probabilities already."""
    return _final_softmax(graph, main_output(graph)) is not None


def scores_graph(graph: Graph) -> Graph:
    """Returns the graph of the scores: main output and heads without a final softmax.

    A softmax that is read elsewhere, or whose output adds to the loss, stays in the graph.
    """
    (name, output), *_ = graph.outputs.items()
    outputs = {name: _scores(graph, output)}
    heads = {name: head._replace(value=_scores(graph, head.value))
             for name, head in graph.heads.items()}  # fmt: skip
    read = {value.name for node in graph.nodes for value in node.inputs}
    ends = [output, *(head.value for head in graph.heads.values())]
    dropped = {value.name for value in ends if _final_softmax(graph, value)} - read
    nodes = [
        node
        for node in graph.nodes
        if node.output.name not in dropped or has_penalised_output(node)
    ]
    return replace(graph, nodes=nodes, outputs=outputs, heads=heads)


def _scores(graph: Graph, value: Value) -> Value:
    softmax = _final_softmax(graph, value)
    return softmax.inputs[0] if softmax else value


def _final_softmax(graph: Graph, value: Value) -> Node | None:
    makers = (node for node in graph.nodes if node.output.name == value.name)
    return next((node for node in makers if node.op.kind() == "softmax"), None)
