"""How many weights each target has, counted in the target itself."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import onnx
import torch

from archspec.backends.torch import build
from archspec.ir.graph import Graph
from archspec.ir.op import WEIGHTS
from archspec.ir.totals import totals


class Counts(NamedTuple):
    """How many numbers a network has.

    Attributes:
        params: Weights, fixed ones and those of heads included.
        statistics: What is measured, not learnt.
    """

    params: int
    statistics: int


def counts_of_spec(graph: Graph) -> Counts:
    """Returns what the operators say."""
    counted = totals(graph)
    return Counts(counted.params, counted.statistics)


def counts_in_torch(graph: Graph) -> Counts:
    """Returns what the modules have."""
    with torch.device("meta"):
        network = build(graph)
    params = dict(network.named_parameters())
    buffers = [tensor for name, tensor in network.state_dict().items() if name not in params]
    return Counts(
        sum(tensor.numel() for tensor in params.values()),
        sum(tensor.numel() for tensor in buffers if tensor.is_floating_point()),
    )


def counts_in_onnx(graph: Graph, path: Path) -> Counts:
    """Returns what the initialisers of a model have that no pass has changed."""
    kinds = {
        f"{node.path}.{name}": param.kind
        for node in graph.nodes
        for name, param in node.parameters().items()
    }
    model = onnx.load(path, load_external_data=False)
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in model.graph.initializer}
    return Counts(
        sum(size for name, size in sizes.items() if kinds.get(name) in WEIGHTS),
        sum(size for name, size in sizes.items() if kinds.get(name) == "statistic"),
    )
