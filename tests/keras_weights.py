"""Random weights for networks of Keras."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

CENTRED = ("bias", "beta", "moving_mean")
"""Vectors of values around zero; those of others are around one."""


def set_random_weights(network: Any, seed: int = 0) -> None:  # noqa: ANN401 - Keras's
    """Gives a network random weights that keep values in bounds, and positive variances."""
    generator = np.random.default_rng(seed)
    for layer in network.layers:
        if layer.weights:
            layer.set_weights([random_array(w.name, tuple(w.shape), generator)
                               for w in layer.weights])  # fmt: skip


def save(network: Any, path: Path) -> None:  # noqa: ANN401 - Keras's
    """Saves a network as `.keras`, or `.h5`, or its weights as `.weights.h5`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's, of NumPy, and of its older format
        (network.save_weights if path.name.endswith(".weights.h5") else network.save)(path)


def random_array(name: str, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Returns random weights of a name and a shape in Keras's layout, outputs last."""
    if len(shape) == 1:
        low, high = (-0.2, 0.2) if name in CENTRED else (0.5, 1.5)
        return generator.uniform(low, high, shape).astype(np.float32)
    is_depthwise = shape[-1] == 1 < shape[-2]
    inputs = math.prod(shape[:2] if is_depthwise else shape[:-1])
    return generator.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / inputs))


def settle(network: Any, images: np.ndarray, seed: int = 1) -> None:  # noqa: ANN401 - Keras's
    """Gives batch norms random statistics around those that images, channels last, cause.

    So no value grows from layer to layer, as in a trained network.
    """
    generator = np.random.default_rng(seed)
    norms = [layer for layer in network.layers if hasattr(layer, "moving_variance")]
    for norm in norms:
        norm.call = partial(_settled, norm, norm.call, generator)
    network(images, training=False)
    for norm in norms:
        del norm.call


def _settled(
    norm: Any,  # noqa: ANN401 - Keras's
    call: Callable[..., Any],
    generator: np.random.Generator,
    inputs: Any,  # noqa: ANN401 - torch's
    **options: object,
) -> Any:  # noqa: ANN401
    level, size = float(inputs.detach().var()), norm.moving_mean.shape
    norm.moving_mean.assign(generator.uniform(-0.2, 0.2, size) * math.sqrt(level))
    norm.moving_variance.assign(generator.uniform(0.5, 1.5, size) * level)
    return call(inputs, **options)
