"""A written ONNX file, judged against the graph that it was made from, and run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from google.protobuf.message import DecodeError
from onnx import helper

from archspec.backends.onnx.skeleton import weightless
from archspec.diagnostics import Refusal
from archspec.ir.dim import Size
from archspec.ir.graph import Graph
from archspec.ir.types import TensorType

EXTERNAL_DATA_FOLDER = "session.model_external_initializers_file_folder_path"
"""ONNX Runtime's name for where the weights lie of a model that is given as bytes."""

SQUASHING = ("Softmax", "Sigmoid")
"""What turns logits into probabilities."""

NO_MEMORY = ("bad allocation", "bad_alloc", "Failed to allocate memory", "not enough memory")
"""What ONNX Runtime says of a tensor that is too large."""


class WrongModelError(Refusal):
    """A file is no model of the graph."""


class OnnxFile:
    """An ONNX file that the checker accepts and whose shapes are the graph's.

    Attributes:
        path: The file.
        graph: The graph that it is of; where the file has the heads, they are outputs.
        names: The names of the values in it.
    """

    def __init__(self, graph: Graph, path: Path) -> None:
        """Reads and judges a file.

        Raises:
            WrongModelError: It is no valid model, or its shapes are not the graph's.
            OSError: It cannot be read.
        """
        with path.open("rb"):  # the checker does not tell a missing file from a faulty one
            pass
        self.path = path
        self._sessions: dict[frozenset[str], ort.InferenceSession] = {}
        try:
            onnx.checker.check_model(path, full_check=True)
            self._model = onnx.load(path, load_external_data=False)
            inferred = onnx.shape_inference.infer_shapes(
                weightless(self._model, typed=False), strict_mode=True, data_prop=True
            )
        except (
            onnx.checker.ValidationError,
            onnx.shape_inference.InferenceError,
            DecodeError,
        ) as error:
            said = " ".join(str(error).split())
            raise WrongModelError(f"{path} is no valid ONNX model: {said}") from error
        made = self._model.graph
        self.names = {name for node in made.node for name in node.output}
        outputs = [info.name for info in made.output]
        has_heads = outputs == [*graph.outputs, *graph.heads]
        self.graph = graph = with_heads(graph) if has_heads else graph
        _require_same("inputs", graph.inputs, [info.name for info in made.input])
        _require_same("outputs", graph.outputs, outputs)
        types = value_types(graph)
        for info in [*made.input, *made.output, *made.value_info]:
            _require_type(info, types, exact=True)
        for info in [*inferred.graph.output, *inferred.graph.value_info]:
            _require_type(info, types, exact=False)

    def logits(self, output: str) -> str:
        """Returns what a final softmax or sigmoid takes, or the output itself."""
        makers = {name: node for node in self._model.graph.node for name in node.output}
        node = makers.get(output)
        while node is not None and node.op_type == "Identity":
            node = makers.get(node.input[0])
        return node.input[0] if node is not None and node.op_type in SQUASHING else output

    def run(self, inputs: Mapping[str, np.ndarray], wanted: Iterable[str]) -> dict[str, np.ndarray]:
        """Returns values by name that ONNX Runtime computes; they need not be outputs.

        Raises:
            WrongModelError: It cannot run the model.
            MemoryError: There is too little memory.
        """
        names = [*wanted]
        key = frozenset(names)
        if key not in self._sessions:
            self._sessions[key] = self._session(key)
        try:
            return dict(zip(names, self._sessions[key].run(names, dict(inputs)), strict=True))
        except Exception as error:  # its exceptions have no base of their own
            raise failure(self.path, error) from error

    def _session(self, wanted: frozenset[str]) -> ort.InferenceSession:
        more = wanted - {info.name for info in self._model.graph.output}
        return open_session(self.path, self._with_outputs(sorted(more)) if more else None)

    def _with_outputs(self, names: list[str]) -> bytes:
        """Returns the model with further outputs."""
        outputs = self._model.graph.output
        known = len(outputs)
        outputs.extend(helper.make_empty_tensor_value_info(name) for name in names)
        try:
            return bytes(self._model.SerializeToString())
        finally:
            del outputs[known:]


def with_heads(graph: Graph) -> Graph:
    """Returns the graph with its heads as outputs, as a model has them that keeps them."""
    nodes = [node._replace(head=None) for node in graph.nodes]
    heads = {name: head.value for name, head in graph.heads.items()}
    return replace(graph, nodes=nodes, outputs=graph.outputs | heads, heads={})


def metadata_of(path: Path) -> dict[str, str]:
    """Returns what is stored in a model beside its graph, by name.

    Raises:
        WrongModelError: The file is no model.
        OSError: It cannot be read.
    """
    try:
        model = onnx.load(path, load_external_data=False)
    except DecodeError as error:
        raise WrongModelError(f"{path} is no ONNX model") from error
    return {entry.key: entry.value for entry in model.metadata_props}


def value_types(graph: Graph) -> dict[str, TensorType]:
    """Returns the types of the values that a model of the graph may name.

    A layer that is called as an input or output has to leave the name to that.
    """
    public = graph.inputs | graph.outputs
    inner = {value.name: value for node in graph.inference_nodes() for value in node.outputs}
    return {name: value.type for name, value in (inner | public).items()}


def _require_same(what: str, ours: Iterable[str], theirs: Sequence[str]) -> None:
    if [*ours] != theirs:
        raise WrongModelError(
            f"the model's {what} are {', '.join(theirs) or 'none'} instead of {', '.join(ours)}"
        )


def _require_type(
    info: onnx.ValueInfoProto, types: Mapping[str, TensorType], *, exact: bool
) -> None:
    type_ = types.get(info.name)
    given = info.type.tensor_type
    if type_ is None or not (exact or given.HasField("shape")):
        return
    element = helper.np_dtype_to_tensor_dtype(np.dtype(type_.dtype))
    dims = given.shape.dim
    same = len(dims) == len(type_.shape) and all(
        _is_same(dim, size, exact=exact) for dim, size in zip(dims, type_.shape, strict=True)
    )
    if given.elem_type != element or not same:
        kind = onnx.TensorProto.DataType.Name(given.elem_type).lower()
        shape = ", ".join(dim.dim_param or str(dim.dim_value) for dim in dims)
        raise WrongModelError(
            f"{info.name} is {kind} [{shape}] in the model, but {type_.dtype} "
            f"[{', '.join(map(str, type_.shape))}] in its spec"
        )


def _is_same(dim: onnx.TensorShapeProto.Dimension, size: Size, *, exact: bool) -> bool:
    if isinstance(size, int):
        return dim.dim_value == size or not (exact or dim.HasField("dim_value"))
    return not exact or dim.dim_param == str(size)  # what must equal a number may be inferred so


def open_session(path: Path, model: bytes | None = None) -> ort.InferenceSession:
    """Returns a session of ONNX Runtime that runs a file.

    Args:
        path: The file.
        model: What to run instead, a model whose weights are where the file's are.

    Raises:
        WrongModelError: It cannot run the model.
        MemoryError: There is too little memory.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 3  # errors; its warnings are about its own choices
    # What is given as bytes does not tell where its weights lie.
    options.add_session_config_entry(EXTERNAL_DATA_FOLDER, str(path.parent))
    try:
        return ort.InferenceSession(model or path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no base of their own
        raise failure(path, error) from error


def failure(path: Path, error: Exception) -> Exception:
    """Returns what to raise for an error of ONNX Runtime."""
    said = str(error).splitlines()[0]
    if any(words in said for words in NO_MEMORY):
        return MemoryError(said)
    return WrongModelError(f"ONNX Runtime cannot run {path}: {said}")
