"""The layers in a file of torch's, or of tensors by name."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np

from archspec.backends.weights_import.layer import Source, SourceLayer

ATTENTION = "in_proj_weight"
"""A tensor of `torch.nn.MultiheadAttention`, which has a layer of its own inside, `out_proj`."""

WRAPPERS = ("module.", "_orig_mod.", "network.", "model.")
"""What stands before all names if a network was saved inside of something else."""


def source_of(tensors: Mapping[str, np.ndarray], *, in_order: bool) -> Source:
    """Returns the layers that tensors belong to.

    Args:
        tensors: The tensors by whole name.
        in_order: Whether they stand in the order in which their layers were defined.
    """
    layers: dict[str, dict[str, np.ndarray]] = {}
    others = []
    for name, array in tensors.items():
        path, _, tensor = name.rpartition(".")
        if array.dtype.kind == "f":
            layers.setdefault(path, {})[tensor] = array
        elif tensor != "num_batches_tracked":
            others.append(name)
    for path in [path for path, own in layers.items() if ATTENTION in own]:
        inner = layers.pop(f"{path}.out_proj", {})
        layers[path] |= {f"out_proj.{name}": array for name, array in inner.items()}
    series = "torch" if in_order else None
    return Source(
        tuple(SourceLayer(path, None, own, series=series) for path, own in layers.items()),
        others=tuple(others),
    )


def unwrapped(source: Source, ours: Set[str]) -> Source:
    """Returns layers without what stands before all of their names.

    Files with a graph, and Keras's, have names of other kinds.

    Args:
        source: The layers.
        ours: The names that they should have, which may begin so themselves.
    """
    if source.flow is not None or source.is_keras or ours <= {s.name for s in source.layers}:
        return source
    for wrapper in WRAPPERS:
        if source.layers and all(f"{layer.name}.".startswith(wrapper) for layer in source.layers):
            layers = (
                layer._replace(name=f"{layer.name}.".removeprefix(wrapper).removesuffix("."))
                for layer in source.layers
            )
            return unwrapped(source._replace(layers=tuple(layers)), ours)
    return source
