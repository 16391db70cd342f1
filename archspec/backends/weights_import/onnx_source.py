"""The layers of an ONNX model: nodes with initialisers, in torch's layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from archspec.backends.fit import WeightsError
from archspec.backends.weights_import.flow import (
    AVERAGE_POOL,
    CONCAT,
    MAX_POOL,
    MERGE,
    Flow,
    Step,
)
from archspec.backends.weights_import.layer import Source, SourceLayer
from archspec.backends.weights_import.onnx_nodes import READERS, Reader

MERGES = frozenset({"Add", "Mul", "Sub", "Div", "Sum", "Max", "Min", "Mean", "MatMul", "Pow"})
POOLS = {
    "MaxPool": MAX_POOL,
    "GlobalMaxPool": MAX_POOL,
    "ReduceMax": MAX_POOL,
    "AveragePool": AVERAGE_POOL,
    "GlobalAveragePool": AVERAGE_POOL,
    "ReduceMean": AVERAGE_POOL,
}
NAMED = (".weight", ".bias", "/kernel", "/gamma")
"""How initialisers end that are called after their layer."""

LAST = ([0, 2, 3, 1], [0, 2, 1], [0, 2, 3, 4, 1])
"""Permutations that put channels last."""

QUANTISED = ("DequantizeLinear", "ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul")
"""Nodes of models whose weights are integers."""


def read_onnx(path: Path) -> tuple[Source, dict[str, np.ndarray]]:
    """Returns the layers of a model, and its initialisers by name if archspec wrote it.

    Raises:
        WeightsError: The file is no model, or its weights are missing, or rounded to integers.
        OSError: There is no such file.
    """
    with path.open("rb"):
        pass
    try:
        model = onnx.load(path)
        graph = model.graph
        constants = {made.name: numpy_helper.to_array(made) for made in graph.initializer}
        source = _Reader(graph, dict(constants)).source()
    except MemoryError:
        raise
    except Exception as error:  # nodes may have any number of inputs, and tensors any shapes
        raise WeightsError(
            f"{path} is damaged, or no ONNX model, or the file with its weights is not beside it",
            "export it again",
        ) from error
    if any(node.op_type in QUANTISED for node in graph.node):
        message = f"{path} is quantised: its weights have been rounded to integers"
        raise WeightsError(message, "take the model that it was made from")
    is_ours = any(entry.key == "archspec.name" for entry in model.metadata_props)
    return source, constants if is_ours else {}


class _Reader:
    """Walks through the nodes once."""

    def __init__(self, graph: onnx.GraphProto, constants: dict[str, np.ndarray]) -> None:
        self.graph, self.constants = graph, constants
        self.layers: list[SourceLayer] = []
        self.steps: list[Step] = []
        self.made: dict[str, int] = {}
        self.last: set[str] = set()
        self.owners: dict[tuple[str, ...], int] = {}

    def source(self) -> Source:
        """Returns the layers, in the order of the data."""
        for info in self.graph.input:
            if info.name not in self.constants:
                self.made[info.name] = len(self.steps)
                self.steps.append(Step("input", ()))
        for node in self.graph.node:
            self._read(node)
        ends = tuple(self.made[info.name] for info in self.graph.output if info.name in self.made)
        return Source(tuple(self.layers), flow=Flow(tuple(self.steps), ends))

    def _read(self, node: onnx.NodeProto) -> None:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Constant":
            if isinstance(attributes.get("value"), onnx.TensorProto):
                self.constants[node.output[0]] = numpy_helper.to_array(attributes["value"])
            return
        if node.op_type in ("Identity", "Transpose") and node.input[0] in self.constants:
            array = self.constants[node.input[0]]
            turned = np.transpose(array, attributes.get("perm")) if array.ndim > 1 else array
            self.constants[node.output[0]] = array if node.op_type == "Identity" else turned
            return
        data = [name for name in node.input if name in self.made]
        if not data:
            return
        reads = READERS.get(node.op_type)
        weights = [name for name in node.input if name in self.constants]
        layer = None
        if reads is not None and weights:
            layer = self._layer(node, attributes, reads)
        elif node.op_type == "Add" and len(weights) == 1 and self._is_bias(node, data[0]):
            self._add_bias(node, data[0], weights[0])
            return
        self._step(node, attributes, data, layer)

    def _layer(
        self,
        node: onnx.NodeProto,
        attributes: Mapping[str, Any],
        reads: Reader,
    ) -> int | None:
        key = (node.op_type, *[name for name in node.input if name in self.constants])
        if key in self.owners:
            return self.owners[key]
        made = reads([self.constants.get(name) for name in node.input], attributes)
        if made is None:
            return None
        kind, tensors = made
        facts: dict[str, float] = {}
        if node.op_type == "BatchNormalization":
            facts["eps"] = attributes.get("epsilon", 1e-5)
        if node.op_type == "GRU":
            facts["reset_after"] = bool(attributes.get("linear_before_reset", 0))
        if node.input[0] in self.last:
            facts["flattened_last"] = True
        self.owners[key] = len(self.layers)
        self.layers.append(SourceLayer(self._name(node), kind, tensors, facts, "onnx"))
        return self.owners[key]

    def _name(self, node: onnx.NodeProto) -> str:
        for name in node.input:
            if name in self.constants and name.endswith(NAMED):
                return str(name).replace("/", ".").rpartition(".")[0]
        return str(node.name.strip("/") or node.output[0])

    def _is_bias(self, node: onnx.NodeProto, data: str) -> bool:
        layer = self.steps[self.made[data]].layer
        if layer is None or "bias" in self.layers[layer].tensors:
            return False
        weight = self.layers[layer].tensors.get("weight")
        (bias,) = (self.constants[name] for name in node.input if name in self.constants)
        return (
            self.layers[layer].kind in ("linear", "conv")
            and weight is not None
            and bias.size == weight.shape[0]
            and (bias.ndim == 1) == (self.layers[layer].kind == "linear")
        )

    def _add_bias(self, node: onnx.NodeProto, data: str, weight: str) -> None:
        index = self.steps[self.made[data]].layer or 0
        layer = self.layers[index]
        bias = {"bias": self.constants[weight].reshape(-1)}
        self.layers[index] = layer._replace(tensors={**layer.tensors, **bias})
        self.made[node.output[0]] = self.made[data]

    def _step(
        self,
        node: onnx.NodeProto,
        attributes: Mapping[str, Any],
        data: list[str],
        layer: int | None,
    ) -> None:
        is_point = {*attributes.get("kernel_shape", ())} == {1}
        label = None if is_point else POOLS.get(node.op_type)
        if node.op_type == "Concat" and len(data) > 1:
            label = CONCAT
        elif node.op_type in MERGES and len(data) > 1:
            label = MERGE
        elif layer is None:
            data = data[:1]
        for name in node.output:
            self.made[name] = len(self.steps)
        self.steps.append(Step(label, tuple(self.made[name] for name in data), layer))
        keeps = node.op_type in ("Reshape", "Flatten", "Relu", "Clip", "Dropout", "Identity")
        is_last = node.op_type == "Transpose" and [*attributes.get("perm", ())] in LAST
        if is_last or (keeps and node.input[0] in self.last):
            self.last |= {*node.output}
