"""Sums over a graph: parameters by kind, multiply-adds."""

from __future__ import annotations

from typing import NamedTuple

from archspec.ir.dim import Size, product
from archspec.ir.graph import Graph, Node


class Totals(NamedTuple):
    """What a network weighs and costs.

    Attributes:
        params: Learnable weights, those of training-only heads included.
        trainable: The share of `params` that training changes.
        statistics: Values that are measured, not learnt (batch norm's mean and variance).
        auxiliary: The share of `params` that belongs to training-only heads.
        macs: Multiply-adds of one inference on one example.
        macs_auxiliary: Multiply-adds of the heads.
    """

    params: int
    trainable: int
    statistics: int
    auxiliary: int
    macs: Size
    macs_auxiliary: Size

    @property
    def frozen(self) -> int:
        """The share of `params` that training leaves alone."""
        return self.params - self.trainable


def count(node: Node, kind: str = "weight") -> int:
    """Returns how many values of a kind the node owns."""
    sizes = (product(p.shape) for p in node.parameters().values() if p.kind == kind)
    return sum(size for size in sizes if isinstance(size, int))


def totals(graph: Graph) -> Totals:
    """Returns the sums over all nodes of the graph."""
    params = sum(count(node) for node in graph.nodes)
    heads = [node for node in graph.nodes if node.head is not None]
    return Totals(
        params=params,
        trainable=params,
        statistics=sum(count(node, "statistic") for node in graph.nodes),
        auxiliary=sum(count(node) for node in heads),
        macs=_macs(graph.inference_nodes()),
        macs_auxiliary=_macs(heads),
    )


def _macs(nodes: list[Node]) -> Size:
    total: Size = 0
    for node in nodes:
        total = total + node.macs()
    return total
