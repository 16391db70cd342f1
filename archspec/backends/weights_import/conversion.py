"""A layer's tensors as ours: in our layout, under our names.

What torch and ONNX call and lay out as here is taken as it is, but for what two kinds of layers
have alike: a fully connected layer is a convolution of one pixel. Keras's are turned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from archspec.backends.weights_import.keras_layout import in_torch
from archspec.backends.weights_import.kinds import CONVOLUTIONS, KINDS
from archspec.backends.weights_import.layer import SourceLayer, Target
from archspec.ops.base.recurrent import Recurrent

COUNTER = "num_batches_tracked"


class Converted(NamedTuple):
    """A layer's tensors as ours.

    Attributes:
        tensors: The tensors by our names.
        remark: What was done to them, in few words; empty if nothing.
    """

    tensors: dict[str, np.ndarray]
    remark: str


def fits(layer: SourceLayer, target: Target, *, is_keras: bool) -> bool:
    """Returns whether a layer of a file can be ours, by its kind and the shapes of its tensors."""
    # Arrays of one value show all shapes and cost nothing.
    hollow = {name: np.broadcast_to(np.float32(0), a.shape) for name, a in layer.tensors.items()}
    return _shaped(layer._replace(tensors=hollow), target, is_keras=is_keras) is not None


def converted(layer: SourceLayer, target: Target, *, is_keras: bool) -> Converted | None:
    """Returns a layer's tensors as ours, or nothing if it cannot be this one.

    Raises:
        OrderError: It cannot be told in which order Keras has the features.
    """
    made = _shaped(layer, target, is_keras=is_keras)
    is_last = is_keras and not layer.facts.get("channels_first")
    if made is None or not (is_last or layer.facts.get("flattened_last")):
        return made
    tensors, moved = _reordered(made.tensors, target)
    return Converted(tensors, ", ".join(filter(None, [made.remark, moved])))


def _shaped(layer: SourceLayer, target: Target, *, is_keras: bool) -> Converted | None:
    """Returns a layer's tensors by our names and in our layout, if the shapes are ours."""
    kind = target.node.op.kind()
    if layer.kind is not None and kind not in KINDS[layer.kind]:
        return None
    made, remark = dict(layer.tensors), []
    if is_keras:
        turned = in_torch(layer, target)
        if turned is None:
            return None
        made = turned
        remark += ["turned"] if any(a.ndim > 1 for a in made.values()) else []
    made.pop(COUNTER, None)
    made, bias = _with_biases(made, target)
    remark += [bias] if bias else []
    made, pixel = _as_pixel(made, target)
    remark += [pixel] if pixel else []
    shapes = {name: param.shape for name, param in target.tensors.items()}
    if {name: array.shape for name, array in made.items()} != shapes:
        return None
    return Converted(made, ", ".join(remark))


def _as_pixel(tensors: dict[str, np.ndarray], target: Target) -> tuple[dict[str, np.ndarray], str]:
    """Takes a fully connected layer for a convolution of one pixel, or the other way round."""
    kind = target.node.op.kind()
    weight, wanted = tensors.get("weight"), target.tensors.get("weight")
    if weight is None or wanted is None or kind not in {*CONVOLUTIONS, "linear"}:
        return tensors, ""
    is_pixel = weight.shape[:2] == wanted.shape[:2] and weight.ndim != wanted.shape.__len__()
    if not is_pixel or math.prod(weight.shape[2:]) != 1 or math.prod(wanted.shape[2:]) != 1:
        return tensors, ""
    what = "linear as 1×1 convolution" if kind != "linear" else "1×1 convolution as linear"
    return tensors | {"weight": weight.reshape(wanted.shape)}, what


def _with_biases(
    tensors: dict[str, np.ndarray], target: Target
) -> tuple[dict[str, np.ndarray], str]:
    """Gives a recurrent layer the number of biases that ours has, if that changes nothing."""
    op = target.node.op
    if not isinstance(op, Recurrent) or not op.bias:
        return tensors, ""
    inputs = [name for name in tensors if name.startswith("bias_ih")]
    pairs = {name: name.replace("_ih", "_hh") for name in inputs}
    has_both = all(name in tensors for name in pairs.values())
    if op.num_biases == 2 and inputs and not has_both:
        zeros = {hidden: np.zeros_like(tensors[name]) for name, hidden in pairs.items()}
        return tensors | zeros, "second bias 0"
    # In a GRU the second bias is multiplied by the reset gate.
    if op.num_biases == 1 and inputs and has_both and op.kind() != "gru":
        summed = {name: tensors[name] + tensors[hidden] for name, hidden in pairs.items()}
        rest = {name: a for name, a in tensors.items() if name not in pairs.values()}
        return rest | summed, "biases added"
    return tensors, ""


def _reordered(tensors: dict[str, np.ndarray], target: Target) -> tuple[dict[str, np.ndarray], str]:
    """Puts features in our order where Keras has flattened them in another."""
    made = dict(tensors)
    is_linear = target.node.op.kind() == "linear"
    if is_linear and target.in_order is not None:
        made["weight"] = _taken(made["weight"], target.in_order, 1, target)
    if target.out_order is not None:
        for name, array in made.items():
            made[name] = _taken(array, target.out_order, 0, target)
    changed = (is_linear and target.in_order is not None) or target.out_order is not None
    return made, "features as channels first" if changed else ""


def _taken(array: np.ndarray, order: np.ndarray, axis: int, target: Target) -> np.ndarray:
    if len(order) != array.shape[axis]:
        raise OrderError(target.path)
    return np.take(array, order, axis)


class OrderError(Exception):
    """It cannot be told in which order Keras has the features of a layer."""


def arrays_of(tensors: Mapping[str, np.ndarray], path: str) -> dict[str, np.ndarray]:
    """Returns the tensors of a layer as they are stored: by whole name, in single precision."""
    with np.errstate(over="ignore"):  # what is too large becomes infinite, which is refused
        return {f"{path}.{n}": np.ascontiguousarray(a, np.float32) for n, a in tensors.items()}
