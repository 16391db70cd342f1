"""The layers of a Keras file, put together from its variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from archspec.backends.weights_import.keras_config import KerasModel, LayerConfig
from archspec.backends.weights_import.layer import SourceLayer

KIND_OF_CLASS = {
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "depthwise_conv1d": "depthwise",
    "depthwise_conv2d": "depthwise",
    "conv1d_transpose": "conv_transpose",
    "conv2d_transpose": "conv_transpose",
    "conv3d_transpose": "conv_transpose",
    "dense": "linear",
    "batch_normalization": "batch_norm",
    "layer_normalization": "layer_norm",
    "group_normalization": "group_norm",
    "rms_normalization": "rms_norm",
    "embedding": "embedding",
    "lstm": "lstm",
    "gru": "gru",
    "simple_rnn": "rnn",
    "p_re_lu": "prelu",
    "multi_head_attention": "attention",
}
"""Kinds by Keras's classes, as its files write them."""

SEPARABLE = ("depthwise_kernel", "pointwise_kernel", "bias")
CELL = ("kernel", "recurrent_kernel", "bias")
DENSE = ("kernel", "bias")

PROJECTIONS = {
    "query": "query",
    "query_dense": "query",
    "key": "key",
    "key_dense": "key",
    "value": "value",
    "value_dense": "value",
    "attention_output": "output",
    "output_dense": "output",
}
"""The layers inside of attention."""

_OLD = re.compile(r".*_(W|b)(?:_\d+)?$")


class Variable(NamedTuple):
    """A variable of a file.

    Attributes:
        path: The names of the layers that it is in, the outermost first.
        groups: The same as the file has them, by class: `conv2d_1`; empty in older files.
        name: Its name, or its number.
        array: Its values.
    """

    path: tuple[str, ...]
    groups: tuple[str, ...]
    name: str
    array: np.ndarray


def layers_of(variables: Iterable[Variable], model: KerasModel | None) -> tuple[SourceLayer, ...]:
    """Returns the layers that variables belong to.

    Args:
        variables: The variables; those of layers of one class are in the layers' order.
        model: What the file says of the model.
    """
    made: dict[str, SourceLayer] = {}
    for variable in variables:
        if variable.array.dtype.kind != "f" or not variable.path:
            continue  # states of random generators
        path, groups, name = _inside(variable)
        config = model.layer(variable.groups, path) if model else None
        class_ = config.class_name if config else _class(groups)
        whole = "/".join(path)
        layer = made.get(whole)
        if layer is None:
            layer = made[whole] = _layer(whole, groups, class_, config)
        layer.tensors[name] = variable.array  # type: ignore[index]
    split = [part for layer in made.values() for part in _split(layer)]
    if model is not None:
        split.sort(key=lambda layer: model.place(layer.name))
    return tuple(split)


def _layer(
    name: str, groups: Sequence[str], class_: str | None, config: LayerConfig | None
) -> SourceLayer:
    series = "keras" if config or not groups else "/".join((*groups[:-1], class_ or ""))
    kind = KIND_OF_CLASS.get(class_ or "")
    return SourceLayer(name, kind, {}, config.facts if config else {}, series)


def _class(groups: Sequence[str]) -> str | None:
    return re.sub(r"_\d+$", "", groups[-1]) if groups else None


def _inside(variable: Variable) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Returns the layer that a variable is of, and its name in there.

    Cells, directions and projections are layers of their own only for Keras.
    """
    path, groups, name = variable.path, variable.groups, variable.name
    old = _OLD.match(name)
    if old:
        name = "kernel" if old[1] == "W" else "bias"
    last = (groups or path)[-1]
    if name.isdecimal() and last == "cell":
        name = CELL[int(name)]
    if last == "cell" or last.endswith("_cell"):
        path, groups = path[:-1], groups[:-1]
        last = (groups or path)[-1] if path else ""
    for direction in ("forward", "backward"):
        if last.startswith(f"{direction}_") and len(path) > 1:
            return path[:-1], groups[:-1], f"{direction}_{name}"
    if last in PROJECTIONS and len(path) > 1:
        kind = DENSE[int(name)] if name.isdecimal() else name
        return path[:-1], groups[:-1], f"{PROJECTIONS[last]}_{kind}"
    return path, groups, name


def _split(layer: SourceLayer) -> list[SourceLayer]:
    """Returns a layer, or the two that a separable convolution is here."""
    tensors = layer.tensors
    is_numbered = all(name.isdecimal() for name in tensors)
    if layer.kind is None and is_numbered and len(tensors) in (2, 3):
        names = [*SEPARABLE[: len(tensors)]]
        if _is_separable([tensors[key] for key in sorted(tensors, key=int)]):
            tensors = dict(zip(names, (tensors[k] for k in sorted(tensors, key=int)), strict=True))
    if "pointwise_kernel" not in tensors:
        return [layer]
    depthwise = {"depthwise_kernel": tensors["depthwise_kernel"]}
    pointwise = {"kernel": tensors["pointwise_kernel"]}
    if "bias" in tensors:
        pointwise["bias"] = tensors["bias"]
    return [
        layer._replace(name=f"{layer.name}/depthwise", kind="depthwise", tensors=depthwise),
        layer._replace(name=f"{layer.name}/pointwise", kind="conv", tensors=pointwise),
    ]


def _is_separable(arrays: Sequence[np.ndarray]) -> bool:
    """Returns whether arrays are a kernel for each channel and one that mixes channels."""
    first, second = arrays[:2]
    of_pixel = second.ndim == first.ndim > 2 and set(second.shape[:-2]) == {1}
    return of_pixel and first.shape[-2] * first.shape[-1] == second.shape[-2]
