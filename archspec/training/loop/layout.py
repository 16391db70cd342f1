"""How images lie in memory while a network trains."""

from __future__ import annotations

import torch

from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph, Node
from archspec.ops.base.convolution import SlidingKernel


def has_channels_last(graph: Graph, spec: TrainSpec, device: torch.device) -> bool:
    """Returns whether images lie in memory with their channels last.

    What the spec leaves open depends on what is faster: on a CPU, PyTorch's depthwise convolutions
    are, by up to four fifths (`tools/bench_training.py mobilenet_v2`).

    Args:
        graph: The network.
        spec: The spec's `train` section.
        device: Where it trains.
    """
    if spec.channels_last is not None:
        return spec.channels_last
    return device.type == "cpu" and any(map(_is_depthwise, graph.nodes))


def _is_depthwise(node: Node) -> bool:
    if not isinstance(node.op, SlidingKernel) or len(node.op.kernel) != 2:
        return False
    into, _, groups = node.op.channels(*node.input_types)
    return into == groups > 1
