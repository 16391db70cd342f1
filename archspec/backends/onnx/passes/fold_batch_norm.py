"""Batch normalisation after a layer."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto

from archspec.backends.onnx.attributes import attributes_of
from archspec.backends.onnx.folding import ChannelMap, Folding
from archspec.backends.onnx.program import Program

EPSILON = 1e-5
"""What ONNX takes where a node does not say it."""


def fold_batch_norm(program: Program) -> bool:
    """Folds batch norm into the convolution or linear layer before it."""
    folding = Folding(program)
    for node in reversed(program.nodes):  # so that the owner of shared weights keeps their names
        if node.op_type != "BatchNormalization" or node.output[0] not in program.values:
            continue
        layer = folding.layer_before(node.input[0])
        channel_axis = 1 - len(program.values[node.output[0]].shape)
        if layer is None or layer.position != channel_axis:
            continue
        channels = _channel_map(node, program)
        if channels:
            folding.fold(layer, node, channels)
    return folding.finish()


def _channel_map(node: NodeProto, program: Program) -> ChannelMap | None:
    if not all(name in program.arrays for name in node.input[1:]):
        return None
    weight, bias, mean, variance = (program.arrays[n].astype(np.float64) for n in node.input[1:])
    with np.errstate(all="ignore"):  # folding refuses what is not finite
        scale = weight / np.sqrt(variance + attributes_of(node).get("epsilon", EPSILON))
        return ChannelMap(scale, bias - mean * scale)
