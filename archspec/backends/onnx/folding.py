"""What passes share that make the arithmetic after a layer a part of its weights."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from onnx import NodeProto

from archspec.backends.onnx.layers import WEIGHT, Layer, layer_of
from archspec.backends.onnx.program import Program


class ChannelMap(NamedTuple):
    """`scale * x + shift` with a number for each channel, in double precision."""

    scale: np.ndarray
    shift: np.ndarray


class Folding:
    """Makes maps of channels a part of the layers before them.

    An array that others read too is left to them: the layer gets one of its own, called by the
    layer's name. A bias that was not there is called after the weight.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._makers = program.makers_of()
        self._reads = Counter(name for node in program.nodes for name in node.input)
        self._reads.update(program.results)
        self._folded: list[NodeProto] = []

    def layer_before(self, value: str) -> Layer | None:
        """Returns the layer that makes a value which nothing else reads, if one does."""
        node = self._makers.get(value)
        if node is None or self._reads[value] != 1:
            return None
        if node.op_type != "Add":
            return layer_of(node, self._program.arrays)
        return self._biased(node)

    def fold(self, layer: Layer, follower: NodeProto, channels: ChannelMap) -> None:
        """Folds what a node does after a layer, unless a number would be too large."""
        if layer.bias is None and channels.shift.any():
            return
        arrays = self._program.arrays
        bias = self._bias(layer)
        try:
            with np.errstate(all="raise", under="ignore"):
                weight = layer.scaled(arrays[layer.node.input[WEIGHT]], channels.scale)
                bias = (bias * channels.scale + channels.shift).astype(np.float32)
        except FloatingPointError:
            return
        self._replace(layer.node, WEIGHT, weight)
        if layer.bias is not None:
            self._put_bias(layer.node, *layer.bias, bias)
        layer.last.output[0] = follower.output[0]
        self._makers[follower.output[0]] = layer.last
        self._folded.append(follower)

    def finish(self) -> bool:
        """Takes out the nodes that were folded, and returns whether there are any."""
        self._program.remove(self._folded)
        self._program.sweep()
        return bool(self._folded)

    def _biased(self, node: NodeProto) -> Layer | None:
        """Returns the matrix product that a node adds a bias to, if it does."""
        arrays = self._program.arrays
        for at, name in enumerate(node.input):
            maker = self._makers.get(node.input[1 - at])
            if name in arrays and maker is not None and maker.op_type == "MatMul":
                layer = self.layer_before(node.input[1 - at])
                if layer and arrays[name].shape == (layer.channels,):
                    return layer._replace(bias=(node, at))
        return None

    def _bias(self, layer: Layer) -> np.ndarray:
        if layer.bias is not None:
            node, at = layer.bias
            if at < len(node.input):
                return self._program.arrays[node.input[at]].astype(np.float64)
        return np.zeros(layer.channels)

    def _put_bias(self, weighted: NodeProto, node: NodeProto, at: int, bias: np.ndarray) -> None:
        if at < len(node.input):
            self._replace(node, at, bias)
        elif bias.any():
            name = self._free(f"{weighted.input[WEIGHT].rpartition('.')[0]}.bias")
            node.input.append(name)
            self._reads[name] += 1
            self._program.arrays[name] = bias

    def _replace(self, node: NodeProto, at: int, array: np.ndarray) -> None:
        name = node.input[at]
        if self._reads[name] > 1:
            self._reads[name] -= 1
            name = self._free(f"{node.name}.{name.rpartition('.')[2]}")
            self._reads[name] += 1
            node.input[at] = name
        self._program.arrays[name] = array

    def _free(self, name: str) -> str:
        """Returns a name that neither an array nor a value has."""
        while name in self._program.arrays or name in self._makers or name in self._reads:
            name += ".folded"
        return name
