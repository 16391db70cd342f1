"""What a graph amounts to: parameters by kind, multiply-adds, depth."""

import math
from typing import NamedTuple

from archspec.ir.depth import depth
from archspec.ir.dim import Size, total
from archspec.ir.graph import Graph, Node


class Totals(NamedTuple):
    """What a network weighs and costs.

    Attributes:
        params: Weights, fixed ones and those of training-only heads included.
        trainable: The share of `params` that training changes.
        statistics: Values that are measured, not learnt (batch norm's mean and variance).
        auxiliary: The share of `params` that belongs to training-only heads.
        macs: Multiply-adds of one inference on one example.
        macs_auxiliary: Multiply-adds of the heads.
        depth: The most layers with weights that follow one another.
    """

    params: int
    trainable: int
    statistics: int
    auxiliary: int
    macs: Size
    macs_auxiliary: Size
    depth: int

    @property
    def frozen(self) -> int:
        """The share of `params` that training leaves alone."""
        return self.params - self.trainable


def params(node: Node) -> int:
    """Returns how many weights the node owns, learnt ones and fixed ones."""
    return 0 if node.shares else node.facts.weights


def statistics(node: Node) -> int:
    """Returns how many values the node owns that are measured, not learnt."""
    return 0 if node.shares else node.facts.statistics


def totals(graph: Graph) -> Totals:
    """Returns the sums over all nodes of the graph."""
    heads = [node for node in graph.nodes if node.head is not None]
    return Totals(
        params=sum(map(params, graph.nodes)),
        trainable=sum(map(_trainable, graph.nodes)),
        statistics=sum(map(statistics, graph.nodes)),
        auxiliary=sum(map(params, heads)),
        macs=total(node.macs() for node in graph.inference_nodes()),
        macs_auxiliary=total(node.macs() for node in heads),
        depth=depth(graph),
    )


def _trainable(node: Node) -> int:
    """Returns how many weights of the node training changes."""
    if node.treatment.frozen:
        return 0
    return sum(math.prod(p.shape) for p in node.parameters().values() if node.trains(p))
