"""Random weights for networks of Keras."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np


def set_random_weights(network: Any, seed: int = 0) -> None:  # noqa: ANN401 - Keras's
    """Gives a network random weights that keep values in bounds, and positive statistics."""
    generator = np.random.default_rng(seed)
    for layer in network.layers:
        if layer.weights:
            layer.set_weights([random_array(tuple(w.shape), generator) for w in layer.weights])


def save(network: Any, path: Path) -> None:  # noqa: ANN401 - Keras's
    """Saves a network as `.keras`, or `.h5`, or its weights as `.weights.h5`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's, of NumPy, and of its older format
        (network.save_weights if path.name.endswith(".weights.h5") else network.save)(path)


def random_array(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Returns random weights of a shape in Keras's layout, outputs last; vectors are positive."""
    if len(shape) == 1:
        return generator.uniform(0.5, 1.5, shape).astype(np.float32)
    is_depthwise = shape[-1] == 1 < shape[-2]
    inputs = math.prod(shape[:2] if is_depthwise else shape[:-1])
    return generator.normal(scale=math.sqrt(2 / inputs), size=shape).astype(np.float32)
