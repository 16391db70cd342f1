"""What PyTorch makes of a graph, found without computing: names, shapes and numbers of weights."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import torch
from execution import bound, by_name

from archspec.backends.torch import build
from archspec.ir.graph import Graph
from archspec.ir.totals import totals

SIZES = (13, 24, 40)
"""What the first symbolic size is bound to, as far as the network takes it."""

STEPS = (3, 0)
"""How much larger each further one is; sizes that must be equal need the second."""


def with_all_values(graph: Graph) -> Graph:
    """Returns the graph with every value as an output, those of its heads too."""
    nodes = [node._replace(head=None) for node in graph.nodes]
    values = {value.name: value for node in nodes for value in node.outputs}
    return replace(graph, nodes=nodes, heads={}, outputs=values or graph.outputs)


def symbols(graph: Graph) -> list[str]:
    """Returns the names among the sizes of the inputs."""
    sizes = itertools.chain(*(value.type.example for value in graph.inputs.values()))
    return sorted({str(size) for size in sizes if not isinstance(size, int)})


def bindings(
    graph: Graph, compiled: Callable[[Mapping[str, str]], Graph | None]
) -> Iterator[tuple[dict[str, int], Graph]]:
    """Yields sizes that the network takes, with its graph for inputs of just these sizes.

    Args:
        graph: The network.
        compiled: Returns its graph under such settings, or `None` if that is refused.
    """
    names = symbols(graph)
    for size, step in itertools.product(SIZES, STEPS):
        sizes = {name: size + step * i for i, name in enumerate(names)} | {"batch": 2}
        made = compiled({
            f"inputs.{name}": str([*bound(value.type.example, sizes)])
            for name, value in graph.inputs.items()
        })  # fmt: skip
        if made is not None:
            yield sizes, made


def shapes_in_torch(graph: Graph, sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of the outputs as torch makes them."""
    with torch.device("meta"):
        network = build(graph).eval()
        inputs = {
            name: torch.empty(
                bound(value.type.shape, sizes), dtype=getattr(torch, value.type.dtype)
            )
            for name, value in graph.inputs.items()
        }
        made = by_name(graph, network(**inputs))
    return {name: tuple(tensor.shape) for name, tensor in made.items()}


def check_weights(graph: Graph) -> None:
    """Checks that torch has the weights, statistics and totals that the graph says."""
    with torch.device("meta"):
        network = build(graph)
    declared = {
        f"{node.path}.{name}": param.shape
        for node in graph.nodes
        for name, param in node.parameters().items()
    }
    assert {name: tuple(t.shape) for name, t in network.state_dict().items()} == declared
    weights = [*network.parameters()]
    assert totals(graph).params == sum(weight.numel() for weight in weights)
    learnt = [weight.numel() for weight in weights if weight.requires_grad]
    assert totals(graph).trainable == sum(learnt)


def check_shapes(graph: Graph, sizes: Mapping[str, int]) -> None:
    """Checks that torch makes the shapes that the graph says, of every value, for given sizes."""
    whole = with_all_values(graph)
    said = {name: bound(value.type.shape, sizes) for name, value in whole.outputs.items()}
    assert shapes_in_torch(whole, sizes) == said
