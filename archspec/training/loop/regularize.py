"""What holds a network down while it trains: penalties in the loss, and bounds on weights.

As in Keras, what is frozen or given has neither, and shared weights have those of the
layer that owns them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import nn

from archspec.ir.graph import Graph, Head, Node
from archspec.ir.op import Param
from archspec.ir.treatment import Penalty, is_bias
from archspec.ops.base.transposed_convolution import TransposedConvolution

NONE = Penalty()


def with_penalised_outputs(graph: Graph) -> Graph:
    """Returns the graph with the outputs that add to the loss among those of training."""
    heads = {_key(node): Head(node.output, 0.0) for node in _penalised(graph)}
    return replace(graph, heads=graph.heads | heads)


class Penalties:
    """What a network's weights and outputs add to its loss while it trains."""

    def __init__(self, graph: Graph) -> None:
        self._weights = {
            f"{node.path}.{name}": penalty
            for node, name, _ in _trained(graph)
            if (penalty := _of_weight(node, name)) != NONE
        }
        self._outputs = {_key(n): n.treatment.output_penalty for n in _penalised(graph)}

    def of(self, network: nn.Module, outputs: Mapping[str, torch.Tensor]) -> Iterator[torch.Tensor]:
        """Yields the penalties, each a scalar.

        Args:
            network: The network, whose weights they are.
            outputs: What it has made of a batch; those of layers are divided by its size.
        """
        for name, penalty in self._weights.items():
            yield _size(network.get_parameter(name), penalty)
        for name, penalty in self._outputs.items():
            yield _size(outputs[name], penalty) / len(outputs[name])


class MaxNorms:
    """Bounds on the norms of weights: of those of each output unit, or each row of a table."""

    def __init__(self, graph: Graph) -> None:
        self._bounds = {
            f"{node.path}.{name}": (node.treatment.max_norm, _groups(node))
            for node, name, param in _trained(graph)
            if node.treatment.max_norm is not None and not is_bias(name) and len(param.shape) > 1
        }

    @torch.no_grad()
    def enforce(self, network: nn.Module) -> None:
        """Scales the weights that are beyond their bounds."""
        for name, (bound, groups) in self._bounds.items():
            weight = network.get_parameter(name)
            for part in weight.chunk(groups or 1):
                part.copy_(torch.renorm(part, p=2, dim=0 if groups is None else 1, maxnorm=bound))


def _groups(node: Node) -> int | None:
    """Returns the groups of a kernel whose output channels lie behind the input's, if it is one.

    Each group's inputs are a slice of the first axis, and its outputs are the second.
    """
    return node.op.groups if isinstance(node.op, TransposedConvolution) else None


def has_penalised_output(node: Node) -> bool:
    """Returns whether a node's output adds to the loss."""
    return node.treatment.output_penalty != NONE


def _penalised(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if has_penalised_output(node)]


def _key(node: Node) -> str:
    """Returns a name for a node's output that no output or head of a spec can have."""
    return f"output of {node.path}"


def _trained(graph: Graph) -> Iterator[tuple[Node, str, Param]]:
    """Yields each weight that training changes, after the node that owns it and its name there."""
    for node in graph.nodes:
        for name, param in node.parameters().items():
            if node.trains(param):
                yield node, name, param


def _of_weight(node: Node, name: str) -> Penalty:
    return node.treatment.bias_penalty if is_bias(name) else node.treatment.weight_penalty


def _size(tensor: torch.Tensor, penalty: Penalty) -> torch.Tensor:
    return penalty.l1 * tensor.abs().sum() + penalty.l2 * tensor.square().sum()
