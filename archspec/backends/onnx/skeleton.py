"""A model without its weights, for what only looks at shapes and types."""

from __future__ import annotations

from onnx import ModelProto, helper, shape_inference

CONSTANT = 2**12
"""The most bytes of an initialiser that shapes may depend on."""


def weightless(model: ModelProto, *, typed: bool = True) -> ModelProto:
    """Returns a model whose large weights are inputs, so that none has to be copied.

    Args:
        model: Any model; it is left as it is.
        typed: Whether the types of the outputs are said.
    """
    given = model.graph
    weights = [tensor for tensor in given.initializer if tensor.ByteSize() > CONSTANT]
    constants = [tensor for tensor in given.initializer if tensor.ByteSize() <= CONSTANT]
    stand_ins = [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in weights]
    outputs = [helper.make_empty_tensor_value_info(info.name) for info in given.output]
    graph = helper.make_graph(
        given.node,
        given.name,
        [*given.input, *stand_ins],
        given.output if typed else outputs,
        constants,
    )
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def element_types(model: ModelProto) -> dict[str, int]:
    """Returns ONNX's number of the type of each value that a node makes."""
    inferred = shape_inference.infer_shapes(weightless(model)).graph
    return {
        info.name: info.type.tensor_type.elem_type
        for info in [*inferred.value_info, *inferred.output]
    }
