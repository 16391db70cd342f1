"""Sums over a graph: parameters by kind, multiply-adds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from archspec.ir.dim import Size
from archspec.ir.graph import Graph, Node
from archspec.ir.op import Param

WEIGHTS = ("weight", "fixed")
"""The kinds of tensors that are parameters, as torch and papers count them."""


class Totals(NamedTuple):
    """What a network weighs and costs.

    Attributes:
        params: Weights, fixed ones and those of training-only heads included.
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


def params(node: Node) -> int:
    """Returns how many weights the node owns, learnt ones and fixed ones."""
    return _count(param for param in node.parameters().values() if param.kind in WEIGHTS)


def statistics(node: Node) -> int:
    """Returns how many values the node owns that are measured, not learnt."""
    return _count(param for param in node.parameters().values() if param.kind == "statistic")


def totals(graph: Graph) -> Totals:
    """Returns the sums over all nodes of the graph."""
    heads = [node for node in graph.nodes if node.head is not None]
    return Totals(
        params=sum(map(params, graph.nodes)),
        trainable=sum(
            _count(param for param in node.parameters().values() if node.trains(param))
            for node in graph.nodes
        ),
        statistics=sum(map(statistics, graph.nodes)),
        auxiliary=sum(map(params, heads)),
        macs=_macs(graph.inference_nodes()),
        macs_auxiliary=_macs(heads),
    )


def _count(tensors: Iterable[Param]) -> int:
    return sum(math.prod(param.shape) for param in tensors)


def _macs(nodes: list[Node]) -> Size:
    total: Size = 0
    for node in nodes:
        total = total + node.macs()
    return total
