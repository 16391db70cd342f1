"""A part of a network as a function: the layers behind values that are known already."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from archspec.backends.torch_code import forward_code
from archspec.ir.graph import Graph, Node, Value


class Features:
    """Computes values of a network, as one tensor.

    Args:
        graph: The network's graph.
        nodes: The nodes to run, each after those it reads.
        values: What is computed, each of single precision.
    """

    def __init__(self, graph: Graph, nodes: Sequence[Node], values: Sequence[Value]) -> None:
        self._single = len(values) == 1
        self._code = forward_code(graph, nodes, {value.name: value for value in values})

    def __call__(
        self, network: nn.Module, inputs: torch.Tensor
    ) -> tuple[torch.Tensor, list[tuple[int, ...]]]:
        """Returns the values and the shape of each for one example.

        One value comes as it is, several side by side as `[batch, numbers]`.

        Args:
            network: The network, whose layers are run.
            inputs: Its input.
        """
        made = self._code.run(network, inputs)
        if self._single:
            return made, [tuple(made.shape[1:])]
        parts = [*made.values()]
        together = torch.cat([part.flatten(1) for part in parts], 1)
        return together, [tuple(part.shape[1:]) for part in parts]


class Rest:
    """Computes the outputs of a network from values of it, as `Features` returns them.

    In training mode these are the graph's outputs and heads, in evaluation mode its outputs; a
    dict by name where there are several.

    Args:
        graph: The network's graph.
        nodes: The nodes that are left to run.
        values: What is known.
        shapes: The shape of each for one example.
    """

    def __init__(
        self,
        graph: Graph,
        nodes: Sequence[Node],
        values: Sequence[Value],
        shapes: Sequence[tuple[int, ...]],
    ) -> None:
        self._shapes = shapes
        # Whether sizes are equal has been seen when the values were computed.
        inputs = {f"feature_{at}": value for at, value in enumerate(values)}
        part = replace(graph, inputs=inputs, nodes=[*nodes], equalities=[])
        heads = {name: head.value for name, head in graph.heads.items()}
        self._training = forward_code(part, part.nodes, graph.outputs | heads)
        self._evaluation = forward_code(part, part.inference_nodes(), graph.outputs)

    def __call__(self, network: nn.Module, features: torch.Tensor) -> Any:  # noqa: ANN401
        """Returns the outputs.

        Args:
            network: The network, whose layers are run.
            features: The values, the batch first.
        """
        code = self._training if network.training else self._evaluation
        if len(self._shapes) == 1:
            return code.run(network, features)
        parts = torch.split(features, [math.prod(shape) for shape in self._shapes], 1)
        shaped = (part.reshape(len(part), *shape)
                  for part, shape in zip(parts, self._shapes, strict=True))  # fmt: skip
        return code.run(network, *shaped)
