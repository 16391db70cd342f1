"""A model in half precision: half the size, and faster where the hardware computes in it."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper, shape_inference
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from archspec.backends.onnx.precision import kept_single
from archspec.backends.onnx.skeleton import weightless

LARGEST = float(np.finfo(np.float16).max)
"""The largest number in half precision."""

LIMIT = 0.05
"""How much logits may differ from those in single precision, as a share of the largest.

Rounding moves those of ResNet-50, GoogLeNet, DenseNet-121 and VGG-16 fresh from their
initialisation by 0.0005, those of the trained MobileNetV2 by 0.004, and with random weights and
statistics those of the deepest networks by 0.02.
"""

PRECISE = ("LRN", "ReduceL2", "ReduceSumSquare")
"""What stays in single precision beside ONNX Runtime's own list: sums of squares, for the
square of 256 is more than half precision can hold."""

SINGLE = (*DEFAULT_OP_BLOCK_LIST, *PRECISE)


def half(model: ModelProto) -> ModelProto:
    """Returns the model with weights and arithmetic in float16, inputs and outputs as they are.

    Args:
        model: A model in float32 with its weights in memory, of any size; it is left as it is.
    """
    made = ModelProto()
    made.CopyFrom(model)
    _note_types(made)
    _halve_weights(made)
    halved: ModelProto = convert_float_to_float16(
        made,
        keep_io_types=True,
        disable_shape_infer=True,  # it would serialise the weights, which protobuf limits
        op_block_list=[*SINGLE],
        node_block_list=kept_single(made),
    )
    _join_conversions(halved)
    OnnxModel.graph_topological_sort(halved.graph)  # the conversions were put at the end
    return halved


def _join_conversions(model: ModelProto) -> None:
    """Takes out conversions to half precision and back, and second ones of the same value.

    ONNX Runtime's converter puts them around each node that stays in single precision, even
    where one follows another, and twice where a node or two of them read a value twice.
    """
    graph, single = model.graph, _single_values(model)
    halved = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "Cast" and node.input[0] in single and _makes(node, TensorProto.FLOAT16)
    }
    results = {info.name for info in graph.output}
    joined: dict[str, str] = {}
    kept: dict[tuple[str, ...], NodeProto] = {}
    for node in graph.node:
        back = node.op_type == "Cast" and _makes(node, TensorProto.FLOAT)
        if back and node.input[0] in halved and node.output[0] not in results:
            joined[node.output[0]] = halved[node.input[0]]
        else:
            kept[(*node.output,)] = node  # of conversions that are the same, one
    for node in kept.values():
        node.input[:] = [joined.get(name, name) for name in node.input]
    read = {name for node in kept.values() for name in node.input} | results
    nodes = [n for n in kept.values() if n.op_type != "Cast" or n.output[0] in read]
    del graph.node[:]
    graph.node.extend(nodes)


def _single_values(model: ModelProto) -> set[str]:
    """Returns the values in single precision: inputs, and what nodes make that stay in it."""
    kept = {*kept_single(model)}
    taken = {i.name for i in model.graph.input if i.type.tensor_type.elem_type == TensorProto.FLOAT}
    nodes = [node for node in model.graph.node if node.op_type in SINGLE or node.name in kept]
    return taken.union(*(node.output for node in nodes))


def _makes(cast: NodeProto, element: int) -> bool:
    return any(a.name == "to" and a.i == element for a in cast.attribute)


def _note_types(model: ModelProto) -> None:
    """Notes the type of every value between nodes."""
    graph = model.graph
    known = {info.name for info in [*graph.value_info, *graph.output]}
    inferred = shape_inference.infer_shapes(weightless(model)).graph.value_info
    graph.value_info.extend(info for info in inferred if info.name not in known)


def _halve_weights(model: ModelProto) -> None:
    """Converts the weights, for which ONNX Runtime's converter takes several times their memory.

    What stays in single precision is left to it, as is `Resize`, whose scales are.
    """
    nodes, kept = model.graph.node, {*kept_single(model)}
    left = {
        name
        for node in nodes
        if node.op_type in (*SINGLE, "Resize") or node.name in kept
        for name in node.input
    }
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and tensor.name not in left:
            array = np.clip(numpy_helper.to_array(tensor), -LARGEST, LARGEST)
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), tensor.name))
