"""A repository for Triton: what its configuration says is what ONNX Runtime says of the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import Message
from predicting import exported

from archspec.backends.onnx.preprocessing import embed_preprocessing
from archspec.backends.triton import require_place, write_repository
from archspec.frontend import compile_spec, compile_text

PAIR = """
name: pair
inputs: {left: [4], right: [4]}
layers: [{subtract: {from: [left, right]}}, {linear: 3}]
"""
IMAGE = """
name: lines
inputs: {image: [3, H, W]}
layers: [conv2d: {out_channels: 2, kernel_size: 3}]
"""
TOKENS = """
name: tokens
inputs: {ids: {shape: [T], dtype: int64}}
layers: [embedding: {num_embeddings: 9, embedding_dim: 4}]
"""

FIELD = descriptor_pb2.FieldDescriptorProto
INT, TEXT, MESSAGE, ENUM = FIELD.TYPE_INT64, FIELD.TYPE_STRING, FIELD.TYPE_MESSAGE, FIELD.TYPE_ENUM
TYPES = {"TYPE_UINT8": 2, "TYPE_INT64": 9, "TYPE_FP16": 10, "TYPE_FP32": 11}
ELEMENTS = {
    "TYPE_UINT8": "tensor(uint8)",
    "TYPE_INT64": "tensor(int64)",
    "TYPE_FP32": "tensor(float)",
}
SCHEMA: Mapping[str, Mapping[str, tuple[int, str, bool]]] = {
    "Shape": {"shape": (INT, "", True)},
    "Batching": {"max_queue_delay_microseconds": (INT, "", False)},
    "Value": {
        "name": (TEXT, "", False),
        "data_type": (ENUM, "DataType", False),
        "dims": (INT, "", True),
        "reshape": (MESSAGE, "Shape", False),
        "label_filename": (TEXT, "", False),
    },
    "Config": {
        "name": (TEXT, "", False),
        "backend": (TEXT, "", False),
        "max_batch_size": (INT, "", False),
        "input": (MESSAGE, "Value", True),
        "output": (MESSAGE, "Value", True),
        "dynamic_batching": (MESSAGE, "Batching", False),
    },
}
"""The part of Triton's model_config.proto that is written: fields with type and whether many."""


def configuration(text: str) -> Message:
    """Parses a configuration as protobuf's text format."""
    file = descriptor_pb2.FileDescriptorProto(name="triton.proto", package="t", syntax="proto3")
    enum = file.enum_type.add(name="DataType")
    for name, number in {"TYPE_INVALID": 0, **TYPES}.items():
        enum.value.add(name=name, number=number)
    for name, fields in SCHEMA.items():
        message = file.message_type.add(name=name)
        for number, (field, (type_, target, many)) in enumerate(fields.items(), 1):
            message.field.add(
                name=field,
                number=number,
                type=type_,
                type_name=f".t.{target}" if target else None,
                label=FIELD.LABEL_REPEATED if many else FIELD.LABEL_OPTIONAL,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Config"))
    return text_format.Parse(text, made())


def written(model: Path, repository: Path) -> tuple[Message, Path]:
    target = write_repository(
        model, repository, compile_spec(str(model.parent / "spec.yaml")).graph
    )
    return configuration((target / "config.pbtxt").read_text("utf-8")), target


def said(values: Iterable[Any]) -> list[tuple[str, str, list[int]]]:
    names = {number: name for name, number in TYPES.items()}
    return [
        (v.name, ELEMENTS[names[v.data_type]], [] if v.HasField("reshape") else list(v.dims))
        for v in values
    ]


def known(nodes: Iterable[Any]) -> list[tuple[str, str, list[int]]]:
    return [(n.name, n.type, [s if isinstance(s, int) else -1 for s in n.shape[1:]]) for n in nodes]


@pytest.mark.parametrize("text", [PAIR, IMAGE, TOKENS])
def test_the_configuration_is_what_the_model_takes_and_makes(text: str, tmp_path: Path) -> None:
    model = exported(tmp_path, text)
    config, target = written(model, tmp_path / "repository")
    session = onnxruntime.InferenceSession(target / "1" / "model.onnx")
    assert said(config.input) == known(session.get_inputs())
    assert said(config.output) == known(session.get_outputs())
    assert config.name == target.name == model.stem
    assert config.backend == "onnxruntime"
    assert config.max_batch_size > 1
    assert config.HasField("dynamic_batching")
    assert sorted(path.name for path in target.parent.iterdir()) == [model.stem]


def test_a_model_that_takes_bytes_is_told_as_such(tmp_path: Path) -> None:
    model = exported(tmp_path, IMAGE)
    onnx.save(embed_preprocessing(onnx.load(model), [], layout="nhwc"), model)
    config, _ = written(model, tmp_path / "repository")
    assert said(config.input) == [("image", "tensor(uint8)", [-1, -1, 3])]


def test_one_number_for_each_example_is_a_size_of_one(tmp_path: Path) -> None:
    model = exported(tmp_path, "name: one\ninputs: {x: [4]}\nlayers: [{linear: 1}, {squeeze: 1}]\n")
    config, target = written(model, tmp_path / "repository")
    assert [list(value.dims) for value in config.output] == [[1]]
    session = onnxruntime.InferenceSession(target / "1" / "model.onnx")
    assert said(config.output) == known(session.get_outputs()) == [("output", "tensor(float)", [])]


def test_labels_and_weights_of_their_own_come_along(tmp_path: Path) -> None:
    model = exported(tmp_path, PAIR)
    proto = onnx.load(model)
    proto.metadata_props.add(key="archspec.classes", value='["고양이", "two\\nlines", "c"]')
    onnx.save_model(
        proto, model, save_as_external_data=True, location="pair.data", size_threshold=0
    )
    for _ in range(2):  # a second time it replaces the first
        config, target = written(model, tmp_path / "repository")
    assert [value.label_filename for value in config.output] == ["labels.txt"]
    assert (target / "labels.txt").read_text("utf-8").splitlines() == ["고양이", "two lines", "c"]
    session = onnxruntime.InferenceSession(target / "1" / "model.onnx")
    ones = np.ones((2, 4), np.float32)
    original = onnxruntime.InferenceSession(model)
    given = {"left": ones, "right": 2 * ones}
    assert np.array_equal(session.run(None, given)[0], original.run(None, given)[0])


@pytest.mark.parametrize("place", ["repository", "repository/pair", "repository/pair/1"])
def test_a_file_where_a_directory_has_to_be_is_told_before(place: str, tmp_path: Path) -> None:
    graph = compile_text(PAIR, "pair.yaml").graph
    require_place(tmp_path / "repository", graph)
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("a file")
    with pytest.raises(NotADirectoryError) as error:
        require_place(tmp_path / "repository", graph)
    assert error.value.filename == str(tmp_path / place)
