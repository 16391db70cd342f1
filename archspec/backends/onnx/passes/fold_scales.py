"""Constants that the output of a layer is multiplied by, or that are added to it."""

from __future__ import annotations

import numpy as np

from archspec.backends.onnx.folding import ChannelMap, Folding
from archspec.backends.onnx.program import Program


def fold_scales(program: Program) -> bool:
    """Folds constant factors and summands into the convolution or linear layer before them."""
    folding = Folding(program)
    for node in reversed(program.nodes):  # so that the owner of shared weights keeps their names
        if node.op_type not in ("Add", "Sub", "Mul", "Div"):
            continue
        value, constant = node.input
        if value in program.arrays and node.op_type in ("Add", "Mul"):
            value, constant = constant, value
        layer = folding.layer_before(value) if constant in program.arrays else None
        numbers = layer.per_channel(program.arrays[constant]) if layer else None
        if layer is None or numbers is None:
            continue
        channels = _channel_map(node.op_type, numbers)
        if channels:
            folding.fold(layer, node, channels)
    return folding.finish()


def _channel_map(op_type: str, numbers: np.ndarray) -> ChannelMap | None:
    """Returns what is done to a value with numbers as the second operand."""
    one, zero = np.ones_like(numbers), np.zeros_like(numbers)
    match op_type:
        case "Mul":
            return ChannelMap(numbers, zero)
        case "Div" if numbers.all():
            return ChannelMap(1 / numbers, zero)
        case "Add":
            return ChannelMap(one, numbers)
        case "Sub":
            return ChannelMap(one, -numbers)
        case _:
            return None
