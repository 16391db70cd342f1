"""Keras's weights in torch's layout, under torch's names.

Keras has the axes of kernels first and the output channels last, `[height, width, in, out]`; it
has the gates of a GRU in another order; and it has the weights of the heads of attention apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from archspec.backends.weights_import.kinds import CONVOLUTIONS, DEPTHWISE, KINDS, TRANSPOSED
from archspec.backends.weights_import.layer import SourceLayer, Target

Tensors = dict[str, np.ndarray]

BATCH_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
"""Our names of the tensors of normalisation, in Keras's order."""

GATES = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2), "rnn": (0,)}
"""The numbers of Keras's gates in torch's order."""

NOTHING = np.empty(0)

DIRECTIONS = {"": "", "forward_": "", "backward_": "_reverse"}
"""How the names of torch's parameters end, by how Keras's begin."""


def in_torch(layer: SourceLayer, target: Target) -> Tensors | None:
    """Returns the weights of a Keras layer as torch has them; nothing if it is another layer."""
    kind = target.node.op.kind()
    names = _named(layer.tensors, target)
    if names is None:
        return None
    for kinds, turn in TURNS:
        if kind in kinds:
            try:
                return turn(names, target)
            except (KeyError, ValueError):  # tensors of other names, or not of that many axes
                return None
    return None


def _named(tensors: Mapping[str, np.ndarray], target: Target) -> Tensors | None:
    """Returns the tensors by Keras's names; some files number them only."""
    if not all(name.isdecimal() for name in tensors):
        return dict(tensors)
    names = _keras_names(target)
    if len(names) != len(tensors):
        return None
    return dict(zip(names, (tensors[key] for key in sorted(tensors, key=int)), strict=True))


def _keras_names(target: Target) -> Sequence[str]:
    kind, ours = target.node.op.kind(), target.tensors
    bias = ["bias"] if any(name.startswith("bias") for name in ours) else []
    if kind in KINDS["embedding"]:
        return ["embeddings"]
    if kind == "prelu":
        return ["alpha"]
    if kind.endswith("_norm"):
        return [keras for keras, torch in BATCH_NORM.items() if torch in ours]
    if kind in GATES:
        return ["kernel", "recurrent_kernel", *bias]
    return ["kernel", *bias]


def _convolution(tensors: Tensors, target: Target) -> Tensors:
    made = _bias(tensors)
    kernel = tensors.get("depthwise_kernel", tensors.get("kernel", NOTHING))
    if "depthwise_kernel" in tensors or _is_depthwise(kernel, target):
        by_channel = np.moveaxis(kernel, (-2, -1), (0, 1))
        made["weight"] = by_channel.reshape(-1, 1, *kernel.shape[:-2])
    elif kernel.ndim == 2:
        made["weight"] = kernel.T
    else:
        made["weight"] = np.moveaxis(kernel, (-1, -2), (0, 1))
    return made


def _is_depthwise(kernel: np.ndarray, target: Target) -> bool:
    """Returns whether a kernel is `[axes, channels, multiplier]`: each channel has its own."""
    out, of_each, *axes = target.tensors["weight"].shape
    if kernel.ndim != 2 + len(axes) or of_each != 1 or math.prod(kernel.shape[-2:]) != out:
        return False
    return bool(kernel.shape[-2] != 1)


def _transposed(tensors: Tensors, _: Target) -> Tensors:
    return _bias(tensors) | {"weight": np.moveaxis(tensors["kernel"], (-1, -2), (0, 1))}


def _linear(tensors: Tensors, _: Target) -> Tensors:
    kernel = tensors["kernel"]
    *axes, into, out = kernel.shape
    if math.prod(axes) != 1:
        raise ValueError
    return _bias(tensors) | {"weight": kernel.reshape(into, out).T}


def _normalization(tensors: Tensors, _: Target) -> Tensors:
    renamed = {"scale": "weight", **BATCH_NORM}
    return {renamed[name]: array for name, array in tensors.items()}


def _embedding(tensors: Tensors, _: Target) -> Tensors:
    (array,) = tensors.values()
    return {"weight": array}


def _prelu(tensors: Tensors, target: Target) -> Tensors:
    slopes = tensors["alpha"]
    if slopes.size != target.tensors["weight"].shape[0]:
        raise ValueError
    return {"weight": slopes.reshape(-1)}


def _recurrent(tensors: Tensors, target: Target) -> Tensors:
    order, made = GATES[target.node.op.kind()], {}
    for start, end in DIRECTIONS.items():
        if f"{start}kernel" not in tensors:
            continue
        made[f"weight_ih_l0{end}"] = _gates(tensors[f"{start}kernel"].T, order)
        made[f"weight_hh_l0{end}"] = _gates(tensors[f"{start}recurrent_kernel"].T, order)
        if f"{start}bias" in tensors:
            rows = np.atleast_2d(tensors[f"{start}bias"])
            for name, row in zip(("bias_ih", "bias_hh"), rows, strict=False):
                made[f"{name}_l0{end}"] = _gates(row, order)
    return made


def _gates(array: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """Returns an array with the parts of its first axis, one for each gate, in an order."""
    parts = np.split(array, len(order))
    return np.concatenate([parts[index] for index in order])


def _attention(tensors: Tensors, target: Target) -> Tensors:
    heads = getattr(target.node.op, "num_heads", 0)
    projections = ("query", "key", "value")
    kernels = [tensors[f"{name}_kernel"] for name in projections]
    if any(kernel.shape[1] != heads for kernel in kernels):
        raise ValueError
    output = tensors["output_kernel"]
    made = {
        "in_proj_weight": np.concatenate([k.reshape(k.shape[0], -1).T for k in kernels]),
        "out_proj.weight": output.reshape(-1, output.shape[-1]).T,
    }
    if "query_bias" in tensors:
        made["in_proj_bias"] = np.concatenate(
            [tensors[f"{name}_bias"].reshape(-1) for name in projections]
        )
        made["out_proj.bias"] = tensors["output_bias"]
    return made


def _bias(tensors: Tensors) -> Tensors:
    return {"bias": tensors["bias"]} if "bias" in tensors else {}


TURNS: tuple[tuple[frozenset[str], Callable[[Tensors, Target], Tensors]], ...] = (
    (CONVOLUTIONS | DEPTHWISE, _convolution),
    (TRANSPOSED, _transposed),
    (frozenset({"linear"}), _linear),
    (frozenset({"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"}),
     _normalization),
    (KINDS["embedding"], _embedding),
    (KINDS["prelu"], _prelu),
    (frozenset(GATES), _recurrent),
    (KINDS["attention"], _attention),
)  # fmt: skip
"""What turns the weights of which operators."""
