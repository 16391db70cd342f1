"""A program as ONNX's own data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper

from archspec.backends.onnx.limits import IR_VERSION
from archspec.backends.onnx.program import Program
from archspec.backends.onnx.wire import Parts, Weights, parts_of
from archspec.ir.dim import Size
from archspec.ir.types import TensorType

LARGEST_SIZES = 1024
"""Arrays of at most this many values can say sizes or axes, which checks must know."""


def model_parts(program: Program, metadata: Mapping[str, str]) -> Parts:
    """Returns a program as an ONNX model with its weights, none of which is copied."""
    model = _model(program, program.inputs, {})
    _add_types(model.graph, program)
    helper.set_model_props(model, dict(metadata))
    weights = [
        Weights(
            onnx.TensorProto(name=name, dims=array.shape, data_type=_element(array.dtype.name)),
            _raw(array),
        )
        for name, array in program.arrays.items()
    ]
    return parts_of(model)._replace(weights=weights)


def _raw(array: np.ndarray) -> memoryview:
    """Returns the bytes of an array as ONNX wants them, the lowest of a number first."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return little.reshape(-1).view(np.uint8).data


def weightless_proto(program: Program, *, typed: bool) -> onnx.ModelProto:
    """Returns a program as a model whose large weights are inputs, so that none is copied.

    Args:
        program: The program.
        typed: Whether the shapes of values and outputs are said.
    """
    arrays = program.arrays
    large = {
        name: TensorType(array.shape, array.dtype.name)
        for name, array in arrays.items()
        if array.size > LARGEST_SIZES
    }
    small = {name: array for name, array in arrays.items() if name not in large}
    model = _model(program, program.inputs | large, small)
    if typed:
        _add_types(model.graph, program)
    else:
        for name in program.results:
            element = _element(program.values[name].dtype)
            model.graph.output.append(helper.make_tensor_value_info(name, element, None))
    return model


def agrees(inferred: onnx.TypeProto.Tensor, type_: TensorType, *, tied: bool = False) -> bool:
    """Returns whether a type that ONNX inferred says nothing else than ours.

    Args:
        inferred: What ONNX inferred.
        type_: Our type.
        tied: Whether the graph has conditions, by which a name may stand for a known number.
    """
    if inferred.elem_type != _element(type_.dtype):
        return False
    dims = inferred.shape.dim
    return not inferred.HasField("shape") or (
        len(dims) == len(type_.shape)
        and all(
            dim.dim_value == size or (tied and not isinstance(size, int))
            for dim, size in zip(dims, type_.shape, strict=True)
            if dim.HasField("dim_value")
        )
    )


def _model(
    program: Program, inputs: Mapping[str, TensorType], arrays: Mapping[str, np.ndarray]
) -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", program.opset)]
    model = onnx.ModelProto(
        ir_version=max(IR_VERSION, helper.find_min_ir_version_for(opsets)),
        producer_name="archspec",
        opset_import=opsets,
    )
    graph = model.graph  # filled where it is, for a copy would be one of all weights
    graph.name, graph.doc_string = program.name, program.title or ""
    graph.node.extend(program.nodes)
    graph.input.extend(_infos(inputs))
    for name, array in arrays.items():
        graph.initializer.append(numpy_helper.from_array(array, name))
    return model


def _add_types(graph: onnx.GraphProto, program: Program) -> None:
    inner = {n: t for n, t in program.values.items() if n not in program.inputs}
    graph.output.extend(_infos({name: inner.pop(name) for name in program.results}))
    graph.value_info.extend(_infos(inner))


def _infos(types: Mapping[str, TensorType]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, _element(type_.dtype), [_dim(s) for s in type_.shape])
        for name, type_ in types.items()
    ]


def _dim(size: Size) -> int | str:
    return size if isinstance(size, int) else str(size)


def _element(dtype: str) -> int:
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
