"""Weights and images that follow from a few numbers, so that two implementations can share them.

An implementation that does not go with ours runs elsewhere, with the same weights; its scores
are enough to compare. Every layer has weights that follow from its place in the graph's order.
Normalisation is given a level besides: the variance that the implementation met there, so that no
value grows with depth and no gate saturates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from archspec.backends.torch import Network, build
from archspec.ir.graph import Graph, Node

SEED = 1998
NAMES = ("weight", "bias", "running_mean", "running_var")
"""The tensors of a layer in the order in which they are made."""

Shapes = Mapping[str, tuple[int, ...]]


def known_image(shape: Sequence[int], seed: int = 0) -> torch.Tensor:
    """Returns a batch of one image, its values between -2 and 2."""
    return torch.from_numpy(_uniform(shape, 2, np.random.default_rng([SEED, 0, seed])))[None]


def known_tensors(index: int, shapes: Shapes, level: float = 1) -> dict[str, torch.Tensor]:
    """Returns the tensors of the layer at a place of the order.

    Args:
        index: Its place.
        shapes: Its tensors.
        level: The variance of what comes in, for normalisation.
    """
    generator = np.random.default_rng([SEED, 1, index])
    assert shapes.keys() <= {*NAMES}
    return {
        name: torch.from_numpy(_array(name, shapes[name], level, generator))
        for name in NAMES
        if name in shapes
    }


def _array(
    name: str, shape: Sequence[int], level: float, generator: np.random.Generator
) -> np.ndarray:
    if len(shape) > 1:
        return _uniform(shape, math.sqrt(6 / math.prod(shape[1:])), generator)
    is_scale = name in ("weight", "running_var")
    array = _uniform(shape, 0.5 if is_scale else 0.2, generator)
    if is_scale:
        array += np.float32(1)
    if name.startswith("running"):
        array *= np.float32(level if name == "running_var" else math.sqrt(level))
    return array


def _uniform(shape: Sequence[int], bound: float, generator: np.random.Generator) -> np.ndarray:
    array = generator.random(tuple(shape), dtype=np.float32)
    array -= np.float32(0.5)
    array *= np.float32(2 * bound)
    return array


def weighted(nodes: Iterable[Node]) -> Iterator[tuple[str, dict[str, tuple[int, ...]]]]:
    """Yields the paths of the layers with weights, and the shapes of their tensors."""
    for node in nodes:
        shapes = {
            name: param.shape
            for name, param in node.parameters().items()
            if param.kind != "counter"
        }
        if shapes:
            yield node.path, shapes


def known_network(graph: Graph, levels: Iterable[float] = ()) -> Network:
    """Returns the network of a graph with known weights, in evaluation mode.

    Args:
        graph: The graph.
        levels: The variance that each of its normalisations meets.
    """
    left = iter(levels)
    weights = {
        f"{path}.{name}": tensor
        for index, (path, shapes) in enumerate(weighted(graph.nodes))
        for name, tensor in known_tensors(
            index, shapes, next(left) if "running_var" in shapes else 1
        ).items()
    }
    assert next(left, None) is None
    return network_with(graph, weights)


def network_with(graph: Graph, weights: Mapping[str, torch.Tensor]) -> Network:
    """Returns the network of a graph with weights, counters at zero, in evaluation mode."""
    with torch.device("meta"):
        network = build(graph).eval()
    counters = {name: torch.tensor(0) for name in network.state_dict() if name.endswith("_tracked")}
    network.load_state_dict({**weights, **counters}, assign=True)
    return network


def without_heads(graph: Graph) -> Graph:
    """Returns the graph that inference needs."""
    return replace(graph, nodes=list(graph.inference_nodes()), heads={})
