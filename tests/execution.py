"""Running a graph with random weights in PyTorch and in ONNX Runtime."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from archspec.backends.torch import build
from archspec.ir.dim import substitute
from archspec.ir.graph import Graph
from archspec.ir.op import WEIGHTS
from archspec.ir.types import Shape, TensorType
from archspec.training.loop.objective import ends_in, scores_graph

Arrays = Mapping[str, np.ndarray]

INTEGERS = 5
"""What random whole numbers are below."""


def random_weights(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Returns a value for every parameter and statistic, none of them a default."""
    generator = np.random.default_rng(seed)
    weights = {}
    for node in graph.nodes:
        for name, param in node.parameters().items():
            if param.kind in WEIGHTS:
                array = generator.normal(size=param.shape)
            else:
                array = generator.uniform(0.5, 1.5, param.shape)
            weights[f"{node.path}.{name}"] = array.astype(np.float32)
    return weights


def bound(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Returns a shape with its names filled in; none may be left."""
    numbers = [number for size in shape if isinstance(number := substitute(size, sizes), int)]
    assert len(numbers) == len(shape), f"{sizes} leaves names in {shape}"
    return tuple(numbers)


def random_inputs(graph: Graph, sizes: Mapping[str, int], seed: int = 1) -> dict[str, np.ndarray]:
    """Returns a random array for every input, the graph's names bound to the given sizes.

    Whole numbers are below `INTEGERS`.
    """
    generator = np.random.default_rng(seed)
    return {name: _random(value.type, sizes, generator) for name, value in graph.inputs.items()}


def _random(
    type_: TensorType, sizes: Mapping[str, int], generator: np.random.Generator
) -> np.ndarray:
    shape = bound(type_.shape, sizes)
    if type_.dtype == "int64":
        return generator.integers(0, INTEGERS, shape)
    return generator.normal(size=shape).astype(type_.dtype)


def balanced_weights(graph: Graph) -> Arrays:
    """Returns random weights that neither drown nor blow up what flows through a deep network."""
    return {
        name: array * np.float32(math.sqrt(2 / math.prod(array.shape[1:])))
        if array.ndim > 1
        else array
        for name, array in random_weights(graph).items()
    }


def settled_weights(graph: Graph, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Returns random weights with the statistics that a batch of random inputs has.

    So no value grows from layer to layer, as in a trained network; the gates of a deep one do
    not saturate, where a rounding error would decide what passes.
    """
    network = build(graph)
    balanced = balanced_weights(graph)
    network.load_state_dict({name: torch.from_numpy(w) for name, w in balanced.items()})
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.momentum = 1.0
    inputs = strong_inputs(graph, sizes, seed=3)
    with torch.no_grad():
        network.train()(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


def strong_inputs(graph: Graph, sizes: Mapping[str, int], seed: int = 1) -> Arrays:
    """Returns random inputs that reach where activations saturate."""
    return {name: 8 * array for name, array in random_inputs(graph, sizes, seed).items()}


def watched(graph: Graph) -> Graph:
    """Returns the graph with what a final softmax takes as an output too.

    What it makes of the scores of a network with random weights is all but constant.
    """
    if not ends_in(graph, "softmax"):
        return graph
    (scores,) = scores_graph(graph).outputs.values()
    return replace(graph, outputs=graph.outputs | {"scores": scores})


def run_torch(graph: Graph, weights: Arrays, inputs: Arrays) -> dict[str, np.ndarray]:
    """Returns the graph's outputs by name as torch computes them in evaluation mode."""
    network = build(graph).eval()
    network.load_state_dict({name: torch.from_numpy(w) for name, w in weights.items()})
    with torch.no_grad():
        made = network(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    return {name: tensor.numpy() for name, tensor in by_name(graph, made).items()}


def by_name(graph: Graph, made: torch.Tensor | dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Returns what a network made in evaluation mode by the names of the outputs."""
    return made if isinstance(made, dict) else dict.fromkeys(graph.outputs, made)


def run_onnx(file: Path, inputs: Arrays) -> dict[str, np.ndarray]:
    """Returns a model's outputs by name as ONNX Runtime computes them."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def difference(expected: np.ndarray, given: np.ndarray) -> float:
    """Returns `max|expected - given| / max|expected|`."""
    assert expected.shape == given.shape
    return float(np.abs(expected - given).max() / np.abs(expected).max())
