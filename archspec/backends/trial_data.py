"""What a target is tried with: random examples, and random weights that let them through."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from archspec.ir.dim import substitute
from archspec.ir.graph import Graph
from archspec.ir.op import WEIGHTS, Param
from archspec.ir.treatment import is_bias
from archspec.ir.types import Shape

SOME = 5
"""What random whole numbers are below that no embedding looks up."""

SHIFT = 0.3
"""The standard deviation of random biases and means: of larger ones, signals would drown."""


def bound(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Returns a shape with its names filled in; none may be left."""
    return tuple(int(substitute(size, sizes)) for size in shape)  # type: ignore[arg-type]


def random_inputs(
    graph: Graph, sizes: Mapping[str, int], strengths: Sequence[float] = (1.0,), *, seed: int = 1
) -> dict[str, np.ndarray]:
    """Returns a random array for every input; whole numbers are such that embeddings know them.

    Args:
        graph: The network.
        sizes: A number for each name among the inputs' sizes, the batch's too.
        strengths: The standard deviations of the examples, in turn.
        seed: The same seed gives the same arrays.
    """
    generator = np.random.default_rng(seed)
    limits = _vocabularies(graph)
    made: dict[str, np.ndarray] = {}
    for name, value in graph.inputs.items():
        shape = bound(value.type.shape, sizes)
        if value.type.dtype == "int64":
            made[name] = generator.integers(0, limits.get(name, SOME), shape)
        else:
            made[name] = generator.standard_normal(shape, np.float32)
            for index, example in enumerate(made[name]):
                example *= strengths[index % len(strengths)]
    return made


def random_weights(graph: Graph, seed: int = 2) -> dict[str, np.ndarray]:
    """Returns a value for every weight and statistic by `path.name`, none of them a default.

    They neither drown nor blow up what flows through a deep network.
    """
    generator = np.random.default_rng(seed)
    return {
        f"{node.path}.{name}": _random(name, param, generator)
        for node in graph.nodes
        for name, param in node.parameters().items()
        if param.kind != "counter"
    }


def _random(name: str, param: Param, generator: np.random.Generator) -> np.ndarray:
    is_shift = is_bias(name) or name.endswith("mean")
    if not is_shift and (param.kind not in WEIGHTS or len(param.shape) < 2):
        return generator.uniform(0.5, 1.5, param.shape).astype(np.float32)
    deviation = SHIFT if is_shift else math.sqrt(2 / math.prod(param.shape[1:]))
    return np.float32(deviation) * generator.standard_normal(param.shape, np.float32)


def _vocabularies(graph: Graph) -> dict[str, int]:
    """Returns how many numbers the embeddings know that look those of an input up."""
    known: dict[str, int] = {}
    sources = {name: {name} for name, value in graph.inputs.items() if value.type.dtype == "int64"}
    for node in graph.inference_nodes():
        read = set().union(*(sources.get(value.name, set()) for value in node.inputs))
        if node.op.kind() == "embedding":
            rows = node.tensors()["weight"].shape[0]
            known |= {name: min(rows, known.get(name, rows)) for name in read}
        else:
            sources |= {value.name: read for value in node.outputs if value.type.dtype == "int64"}
    return known
