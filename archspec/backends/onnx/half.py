"""A model in half precision: half the size, and faster where the hardware computes in it."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper, shape_inference
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

LARGEST = 65504.0
"""The largest number in half precision."""

PRECISE = ("LRN", "ReduceL2", "ReduceSumSquare")
"""What stays in single precision beside ONNX Runtime's own list: sums of squares, for the
square of 256 is more than half precision can hold."""

SINGLE = (*DEFAULT_OP_BLOCK_LIST, *PRECISE)

LARGEST = float(np.finfo(np.float16).max)


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
    )
    OnnxModel.graph_topological_sort(halved.graph)  # the conversions were put at the end
    return halved


def _note_types(model: ModelProto) -> None:
    """Notes the type of every value between nodes; weights stand in as inputs."""
    graph = model.graph
    weights = [tensor for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT]
    others = [tensor for tensor in graph.initializer if tensor.data_type != TensorProto.FLOAT]
    stand_ins = [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in weights]
    skeleton = helper.make_model(
        helper.make_graph(graph.node, graph.name, [*graph.input, *stand_ins], graph.output, others),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
    )
    known = {info.name for info in [*graph.value_info, *graph.output]}
    inferred = shape_inference.infer_shapes(skeleton).graph.value_info
    graph.value_info.extend(info for info in inferred if info.name not in known)


def _halve_weights(model: ModelProto) -> None:
    """Converts the weights, for which ONNX Runtime's converter takes several times their memory.

    What stays in single precision is left to it, as is `Resize`, whose scales are.
    """
    nodes = model.graph.node
    left = {name for node in nodes if node.op_type in (*SINGLE, "Resize") for name in node.input}
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and tensor.name not in left:
            array = np.clip(numpy_helper.to_array(tensor), -LARGEST, LARGEST)
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), tensor.name))
