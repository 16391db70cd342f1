"""A model repository for NVIDIA's Triton Inference Server, which serves ONNX models as they are.

DIRECTORY/NAME/config.pbtxt     what the model takes and makes, and how it is batched
DIRECTORY/NAME/labels.txt       the names of the classes, if they are known
DIRECTORY/NAME/1/model.onnx     the model, with the files beside it that hold its weights
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx

from archspec.backends.onnx.files import data_files
from archspec.backends.whole_file import folder_beside
from archspec.ir.graph import Graph

MAX_BATCH = 64
"""The most examples that the server puts together."""

MAX_DELAY = 500
"""How many microseconds an example waits at most for others to be put together with."""

CLASSES = "archspec.classes"
LABELS = "labels.txt"

ELEMENTS: Mapping[int, str] = {
    onnx.TensorProto.FLOAT: "TYPE_FP32",
    onnx.TensorProto.FLOAT16: "TYPE_FP16",
    onnx.TensorProto.INT64: "TYPE_INT64",
    onnx.TensorProto.UINT8: "TYPE_UINT8",
}
"""What Triton calls the types of the values that exported models take and make."""


def write_repository(model: Path, directory: Path, graph: Graph) -> Path:
    """Writes a model into a repository, where an older version of it is replaced.

    Args:
        model: The exported model; what is in it and not the graph says what the server is told,
            so that it may hold its preprocessing, or be in half precision.
        directory: The repository, which may hold other models.
        graph: The network, which gives the model its name.

    Returns:
        The directory of the model.

    Raises:
        OSError: A file cannot be read or written.
    """
    proto = onnx.load(model, load_external_data=False)
    labels = _labels(proto)
    target = directory / graph.stem
    directory.mkdir(parents=True, exist_ok=True)
    with folder_beside(target) as part:
        (part / "1").mkdir()
        shutil.copyfile(model, part / "1" / "model.onnx")
        for name in sorted(data_files(proto)):
            shutil.copyfile(model.parent / name, part / "1" / name)
        if labels:
            (part / LABELS).write_text("".join(f"{label}\n" for label in labels), "utf-8")
        (part / "config.pbtxt").write_text(_config(graph.stem, proto.graph, labels), "utf-8")
        (target / "1").mkdir(parents=True, exist_ok=True)
        for file in [path for path in part.rglob("*") if path.is_file()]:
            file.replace(target / file.relative_to(part))
    return target


def require_place(directory: Path, graph: Graph) -> None:
    """Checks that a repository can be written, before there is a model for it.

    Raises:
        OSError: There is a file where a directory has to be, or none may be made there.
    """
    place = directory / graph.stem / "1"
    there = next(each for each in (place, *place.parents) if os.path.lexists(each))
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))


def _config(name: str, graph: onnx.GraphProto, labels: Sequence[str]) -> str:
    """Returns the configuration, a `ModelConfig` in protobuf's text format."""
    first = graph.output[0].name
    blocks = [
        f"name: {_text(name)}",
        'backend: "onnxruntime"',
        f"max_batch_size: {MAX_BATCH}",
        *(_value("input", info, ()) for info in graph.input),
        *(_value("output", info, labels if info.name == first else ()) for info in graph.output),
        f"dynamic_batching {{ max_queue_delay_microseconds: {MAX_DELAY} }}",
    ]
    return "\n".join(blocks) + "\n"


def _value(kind: str, info: onnx.ValueInfoProto, labels: Sequence[str]) -> str:
    """Returns the block of an input or an output; the batch is not among its sizes."""
    type_ = info.type.tensor_type
    sizes = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in type_.shape.dim[1:]]
    lines = [
        f"name: {_text(info.name)}",
        f"data_type: {ELEMENTS[type_.elem_type]}",
        # Triton has no value without sizes: one number of each example is a size of 1 less.
        f"dims: {sizes or [1]}",
        *([] if sizes else ["reshape { shape: [] }"]),
        *([f"label_filename: {_text(LABELS)}"] if labels and sizes == [len(labels)] else []),
    ]
    return "\n".join([f"{kind} {{", *(f"  {line}" for line in lines), "}"])


def _labels(proto: onnx.ModelProto) -> list[str]:
    """Returns the names of the classes, one line each, or none if they are not known."""
    said = next((prop.value for prop in proto.metadata_props if prop.key == CLASSES), "[]")
    return [" ".join(str(label).split()) for label in json.loads(said)]


def _text(text: str) -> str:
    """Returns a text as protobuf's text format quotes it, which is as JSON does."""
    return json.dumps(text, ensure_ascii=False)
