"""A training step of ours beside that of the original: outputs, gradients, updated statistics.

Both compute in double precision, where rounding is 1e-16, with the same images, without dropout,
and with the same random factors for their outputs as a loss. The gradients of the original are
imported as its weights are, in their place, and with them the statistics that the step has updated.

Keras updates the variance of batch norm with that of the batch as it is, PyTorch with its estimate
of the population's, which is n / (n - 1) of that for n values: this is taken into account.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from execution import by_name, difference
from known_weights import network_with
from originals import imported
from parity_original import NoDropout, Original, loss_of, random_images

from archspec.backends.torch import Network
from archspec.ir.graph import Graph
from archspec.ops.batch_norm import BatchNorm

BATCH = 4
"""Images of a step."""

NOTHING = 1e-6
"""Gradients below this share of the largest of a network are compared with that share of it.

Biases before batch norm have none at all but for rounding.
"""

Arrays = Mapping[str, np.ndarray]


def compared_in_training(
    key: str, graph: Graph, weights: Arrays, theirs: Original
) -> dict[str, float]:
    """Returns the largest differences of outputs, gradients and statistics, by the largest value.

    Args:
        key: The key of the network in `zoo.json`.
        graph: Ours.
        weights: The weights of both, by our names.
        theirs: The original.
    """
    (image,) = graph.inputs.values()
    channels, height, width = (int(str(size)) for size in image.type.example)
    images = random_images(BATCH, (channels, height, width), seed=2)
    with TemporaryDirectory() as folder:
        expected, file = theirs.step(images, Path(folder))
        state, _ = imported(file, key)
    if key.startswith("keras_"):
        state |= estimated_variances(graph, weights, state)
    network = our_network(graph, weights).double().train()
    with NoDropout():
        made = by_name(graph, network(torch.from_numpy(images).double()))
    torch.autograd.backward(loss_of(made))
    gradients = {n: p.grad.numpy() for n, p in network.named_parameters() if p.grad is not None}
    statistics = {n: b.numpy() for n, b in network.named_buffers() if b.is_floating_point()}
    assert gradients.keys() | statistics.keys() == state.keys()
    least = NOTHING * max(np.abs(array).max() for array in gradients.values())
    differences = {
        "outputs": max(difference(expected[n], made[n].detach().numpy()) for n in expected),
        "gradients": max(relative(state[n], array, least) for n, array in gradients.items()),
    }
    if statistics:
        differences["statistics"] = max(
            relative(state[name], array) for name, array in statistics.items()
        )
    return differences


def relative(expected: np.ndarray, given: np.ndarray, least: float = 0.0) -> float:
    """Returns `max|expected - given| / max|expected|`; the latter is taken for `least` at least."""
    assert expected.shape == given.shape
    return float(np.abs(expected - given).max() / max(np.abs(expected).max(), least))


def our_network(graph: Graph, weights: Arrays) -> Network:
    """Returns our network with weights, in evaluation mode."""
    return network_with(graph, {n: torch.from_numpy(array) for n, array in weights.items()})


def estimated_variances(graph: Graph, before: Arrays, after: Arrays) -> dict[str, np.ndarray]:
    """Returns Keras's updated variances as PyTorch updates them, by name."""
    made = {}
    for node in graph.nodes:
        if isinstance(node.op, BatchNorm):
            name = f"{node.path}.running_var"
            count = BATCH * int(np.prod([int(str(s)) for s in node.input_types[0].example[1:]]))
            kept = before[name].astype(np.float64) * (1 - node.op.momentum)
            made[name] = kept + (after[name] - kept) * count / (count - 1)
    return made
