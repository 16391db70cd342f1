"""The ONNX backend: a graph and its weights as an ONNX model for inference.

The model is written from the operators' lowerings. Nothing is traced, so no name or shape
is lost: a node is called by its path, an initialiser `path.parameter`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from archspec.backends.fit import check_fits
from archspec.backends.onnx_nodes import Emitter
from archspec.backends.whole_file import write_whole
from archspec.diagnostics import Refusal
from archspec.ir.dim import Size
from archspec.ir.graph import Graph
from archspec.ir.op import FaultyOperatorError
from archspec.ir.totals import params, statistics
from archspec.ir.types import TensorType

OPSET = 20
"""The opset that the lowerings are written for, and the oldest that can be asked for."""

NEWEST_OPSET = 26
"""The newest opset that can be asked for: what ONNX Runtime runs."""

IR_VERSION = 10
"""The oldest file format that is written; a newer opset may need a newer one."""

MAX_BYTES = 2**31 - 2**24
"""The most bytes of weights: protobuf ends at 2 GiB, and the nodes need a little."""


FLOAT_BYTES = 4
"""Bytes of one weight."""


class ExportError(Refusal):
    """A graph cannot be said in ONNX."""


class OpsetError(ExportError):
    """The opset is not one that can be written."""


def export(
    graph: Graph,
    weights: Mapping[str, np.ndarray],
    path: Path,
    *,
    metadata: Mapping[str, str],
    opset: int = OPSET,
) -> None:
    """Writes the inference graph with its weights as an ONNX file, whole or not at all.

    The batch and all symbolic sizes stay free; auxiliary heads are left out.

    Args:
        graph: The network.
        weights: Its weights by `path.parameter`.
        path: The file to write.
        metadata: What is stored beside the graph, by name.
        opset: The version of ONNX's operators.

    Raises:
        ExportError: ONNX cannot hold this graph.
        OpsetError: The opset cannot be written.
        MisfitError: The weights are not the graph's.
        OSError: The file cannot be written.
    """
    check_fits(graph, weights)
    require_sayable(graph, opset)
    emitted = Emitter(graph)
    arrays = {name: np.asarray(weights[name], np.float32) for name in emitted.weights}
    with _blame(graph):
        _check_shapes(graph, emitted, opset)
    outputs = {name: value.type for name, value in graph.outputs.items()}
    inner = {name: type_ for name, type_ in emitted.values.items() if name not in outputs}
    proto = helper.make_graph(
        emitted.nodes,
        graph.stem,
        _infos({name: value.type for name, value in graph.inputs.items()}),
        _infos(outputs),
        _initializers(arrays | emitted.constants),
        doc_string=graph.title,
        value_info=_infos(inner),
    )
    model = _model(proto, opset)
    helper.set_model_props(model, dict(metadata))
    content = model.SerializeToString()
    with _blame(graph):
        onnx.checker.check_model(content, full_check=True)
    write_whole(path, content)


def require_sayable(graph: Graph, opset: int) -> None:
    """Checks what can be checked before there are weights.

    Raises:
        ExportError: ONNX cannot hold this graph.
        OpsetError: The opset cannot be written.
    """
    if not OPSET <= opset <= NEWEST_OPSET:
        raise OpsetError(
            f"opset {opset} cannot be written",
            f"use one from {OPSET} to {NEWEST_OPSET}, the newest that ONNX Runtime runs",
        )
    nodes = graph.inference_nodes()
    size = FLOAT_BYTES * sum(params(node) + statistics(node) for node in nodes)
    if size > MAX_BYTES:
        raise ExportError(
            f"{Decimal(size) / 2**30:,.1f} GiB of weights, but an ONNX file holds at most 2 GiB"
        )
    for name in graph.outputs.keys() & graph.inputs.keys():
        raise ExportError(
            f"an input and an output are both called {name}, which ONNX does not allow",
            "give the output another name",
        )


@contextmanager
def _blame(graph: Graph) -> Iterator[None]:
    """Names the operator that ONNX refuses.

    Raises:
        FaultyOperatorError: ONNX refuses one.
    """
    try:
        yield
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        text = str(error)
        nodes = [node for node in graph.nodes if re.search(rf"\b{re.escape(node.path)}\b", text)]
        if not nodes:
            raise
        kind = max(nodes, key=lambda node: len(node.path)).op.kind()
        raise FaultyOperatorError(kind, f"ONNX refuses it: {' '.join(text.split())}") from error


def _check_shapes(graph: Graph, emitted: Emitter, opset: int) -> None:
    """Compares what ONNX infers from the inputs alone with the types in the graph.

    Weights stand in as inputs, so that none has to be copied for it.
    """
    inputs = {name: value.type for name, value in graph.inputs.items()}
    weights = {name: TensorType(shape) for name, shape in emitted.weights.items()}
    outputs = {name: value.type for name, value in graph.outputs.items()}
    proto = helper.make_graph(
        emitted.nodes,
        graph.stem,
        _infos(inputs | weights),
        [helper.make_tensor_value_info(n, _element(t), None) for n, t in outputs.items()],
        _initializers(emitted.constants),
    )
    inferred = onnx.shape_inference.infer_shapes(_model(proto, opset), strict_mode=True).graph
    for info in [*inferred.value_info, *inferred.output]:
        type_ = emitted.values.get(info.name)
        if type_ and not _agree(info.type.tensor_type, type_):
            said = " ".join(str(info.type).split())
            raise FaultyOperatorError(
                emitted.makers[info.name], f"{info.name} is {type_}, but ONNX infers {said}"
            )


def _agree(inferred: onnx.TypeProto.Tensor, type_: TensorType) -> bool:
    if inferred.elem_type != _element(type_):
        return False
    dims = inferred.shape.dim
    return not inferred.HasField("shape") or (
        len(dims) == len(type_.shape)
        and all(
            dim.dim_value == size
            for dim, size in zip(dims, type_.shape, strict=True)
            if dim.HasField("dim_value")
        )
    )


def _model(proto: onnx.GraphProto, opset: int) -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(
        proto,
        opset_imports=opsets,
        ir_version=max(IR_VERSION, helper.find_min_ir_version_for(opsets)),
        producer_name="archspec",
    )


def _infos(types: Mapping[str, TensorType]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, _element(type_), [_dim(s) for s in type_.shape])
        for name, type_ in types.items()
    ]


def _dim(size: Size) -> int | str:
    return size if isinstance(size, int) else str(size)


def _element(type_: TensorType) -> int:
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(type_.dtype)))


def _initializers(arrays: Mapping[str, np.ndarray]) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(array, name) for name, array in arrays.items()]
