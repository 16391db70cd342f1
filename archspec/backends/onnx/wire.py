"""The bytes of a model, in pieces, so that no weights have to be copied for it.

A file of ONNX is one protobuf message. protobuf makes it in memory, which takes longer than all
the rest of writing a large model; here only what stands between the weights is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from onnx import GraphProto, ModelProto, TensorProto

AnyProto: TypeAlias = ModelProto | GraphProto | TensorProto
Buffer: TypeAlias = bytes | memoryview

DELIMITED = 2
"""What protobuf calls a field that begins with its length."""


class Weights(NamedTuple):
    """An initialiser.

    Attributes:
        proto: All of it but its values.
        values: Its values as raw data.
    """

    proto: TensorProto
    values: Buffer


class Parts(NamedTuple):
    """A model without the values of its weights, and those.

    Attributes:
        model: The model without its graph.
        graph: The graph without the weights.
        weights: The weights.
    """

    model: ModelProto
    graph: GraphProto
    weights: Sequence[Weights]


def parts_of(model: ModelProto) -> Parts:
    """Returns the parts of a model."""
    head, graph = ModelProto(), GraphProto()
    _copy(model, head, but="graph")
    _copy(model.graph, graph, but="initializer")
    weights = []
    for array in model.graph.initializer:
        if array.HasField("raw_data"):
            proto = TensorProto()
            _copy(array, proto, but="raw_data")
            weights.append(Weights(proto, array.raw_data))
        else:
            graph.initializer.append(array)
    return Parts(head, graph, weights)


def merged(parts: Parts) -> ModelProto:
    """Returns the model of parts."""
    model = ModelProto()
    model.CopyFrom(parts.model)
    model.graph.CopyFrom(parts.graph)
    for array in parts.weights:
        initializer = model.graph.initializer.add()
        initializer.CopyFrom(array.proto)
        initializer.raw_data = bytes(array.values)
    return model


def pieces_of(parts: Parts) -> Iterator[Buffer]:
    """Yields a model's bytes as protobuf would serialise it."""
    head, heads = parts.graph.SerializeToString(), [*map(_head, parts.weights)]
    values = [array.values for array in parts.weights]
    size = len(head) + sum(map(len, heads)) + sum(map(len, values))
    yield parts.model.SerializeToString()
    yield _start(ModelProto.GRAPH_FIELD_NUMBER, size) + head
    for before, array in zip(heads, values, strict=True):
        yield before
        yield array


def _head(array: Weights) -> bytes:
    """Returns what stands before the values of an initialiser."""
    own: bytes = array.proto.SerializeToString()
    own += _start(TensorProto.RAW_DATA_FIELD_NUMBER, len(array.values))
    return _start(GraphProto.INITIALIZER_FIELD_NUMBER, len(own) + len(array.values)) + own


def _start(field: int, size: int) -> bytes:
    return _varint(field << 3 | DELIMITED) + _varint(size)


def _varint(number: int) -> bytes:
    """Returns a number as protobuf says it: seven bits a byte, the lowest first."""
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def _copy(source: AnyProto, target: AnyProto, *, but: str) -> None:
    """Copies all fields of a message but one."""
    for field, value in source.ListFields():
        if field.name == but:
            continue
        if isinstance(value, int | str | bytes):
            setattr(target, field.name, value)
        else:
            getattr(target, field.name).extend(value)
