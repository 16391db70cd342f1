"""What the weights of an ONNX node are in torch's layout, for each kind of node that has some."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

Tensors: TypeAlias = dict[str, np.ndarray]
Inputs: TypeAlias = list[np.ndarray | None]
"""The inputs of a node, those that are no constants as `None`."""

Attributes: TypeAlias = Mapping[str, Any]
Made: TypeAlias = tuple[str, Tensors] | None
"""The kind of a layer and its tensors, or nothing if no layer of ours computes this."""

Reader: TypeAlias = Callable[[Inputs, Attributes], Made]

TORCH_GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
"""The numbers of ONNX's gates in torch's order."""

ACTIVATIONS = {
    "LSTM": (["Sigmoid", "Tanh", "Tanh"],),
    "GRU": (["Sigmoid", "Tanh"],),
    "RNN": (["Tanh"], ["Relu"]),
}
"""The activations in one direction that recurrent layers of ours have."""

PEEPHOLES = 7
"""The place of an LSTM's third set of weights among its inputs."""


def _conv(kind: str) -> Reader:
    def read(inputs: Inputs, _: Attributes) -> Made:
        return None if inputs[1] is None else (kind, _present(inputs[1:], ("weight", "bias")))

    return read


def _gemm(inputs: Inputs, attributes: Attributes) -> Made:
    plain = attributes.get("alpha", 1) == attributes.get("beta", 1) == 1
    if inputs[1] is None or not plain or attributes.get("transA"):
        return None
    weight = inputs[1] if attributes.get("transB") else inputs[1].T
    made = _present([weight, *inputs[2:]], ("weight", "bias"))
    return "linear", {n: a.reshape(-1) if n == "bias" else a for n, a in made.items()}


def _matmul(inputs: Inputs, _: Attributes) -> Made:
    if inputs[1] is None or inputs[1].ndim != 2:
        return None
    return "linear", {"weight": inputs[1].T}


def _norm(kind: str, names: Iterable[str]) -> Reader:
    return lambda inputs, _: (kind, _present(inputs[1:], names))


def _gather(inputs: Inputs, _: Attributes) -> Made:
    table = inputs[0]
    return None if table is None or table.ndim != 2 else ("embedding", {"weight": table})


def _prelu(inputs: Inputs, _: Attributes) -> Made:
    return None if inputs[1] is None else ("prelu", {"weight": inputs[1].reshape(-1)})


def _recurrent(op_type: str) -> Reader:
    gates = TORCH_GATES[op_type]

    def read(inputs: Inputs, attributes: Attributes) -> Made:
        weights, hidden = inputs[1], inputs[2]
        if weights is None or hidden is None or not _is_plain(op_type, inputs, attributes):
            return None
        biases = inputs[3] if len(inputs) > 3 else None
        made: Tensors = {}
        for index, end in enumerate(("", "_reverse")[: len(weights)]):
            made[f"weight_ih_l0{end}"] = _ordered(weights[index], gates)
            made[f"weight_hh_l0{end}"] = _ordered(hidden[index], gates)
            if biases is not None:
                for name, part in zip(("ih", "hh"), np.split(biases[index], 2), strict=True):
                    made[f"bias_{name}_l0{end}"] = _ordered(part, gates)
        return op_type.lower(), made

    return read


def _is_plain(op_type: str, inputs: Inputs, attributes: Attributes) -> bool:
    """Returns whether a recurrent node computes what a layer of ours can compute."""
    direction = attributes.get("direction", b"forward")
    directions = 2 if direction == b"bidirectional" else 1
    activations = [name.decode() for name in attributes.get("activations", ())]
    is_known = not activations or activations in [a * directions for a in ACTIVATIONS[op_type]]
    has_more = attributes.get("input_forget") or "clip" in attributes
    has_peepholes = len(inputs) > PEEPHOLES and inputs[PEEPHOLES] is not None
    return is_known and direction != b"reverse" and not has_more and not has_peepholes


def _ordered(array: np.ndarray, gates: tuple[int, ...]) -> np.ndarray:
    parts = np.split(array, len(gates))
    return np.concatenate([parts[index] for index in gates])


def _present(arrays: Iterable[np.ndarray | None], names: Iterable[str]) -> Tensors:
    return {n: a for n, a in zip(names, arrays, strict=False) if a is not None}


SCALE_SHIFT = ("weight", "bias")

READERS: dict[str, Reader] = {
    "Conv": _conv("conv"),
    "ConvTranspose": _conv("conv_transpose"),
    "Gemm": _gemm,
    "MatMul": _matmul,
    "BatchNormalization": _norm("batch_norm", (*SCALE_SHIFT, "running_mean", "running_var")),
    "LayerNormalization": _norm("layer_norm", SCALE_SHIFT),
    "GroupNormalization": _norm("group_norm", SCALE_SHIFT),
    "InstanceNormalization": _norm("instance_norm", SCALE_SHIFT),
    "Gather": _gather,
    "PRelu": _prelu,
    "LSTM": _recurrent("LSTM"),
    "GRU": _recurrent("GRU"),
    "RNN": _recurrent("RNN"),
}
"""What takes the weights of a node, given its inputs that are constants."""
