"""What a model in half precision computes on hardware that computes in it.

ONNX Runtime's processor provider runs such models in single precision, and so says little of
what becomes of them elsewhere. Graphics processors multiply halves, sum in single precision and
round every result to half: that is what is done here, in single precision.
"""

from __future__ import annotations

from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from archspec.backends.onnx.skeleton import element_types

TYPES = ("to", "dtype")
"""The attributes that say the type of what a node makes."""


def rounded(model: ModelProto) -> ModelProto:
    """Returns a model in single precision that rounds where one in half precision does.

    Args:
        model: A model in half precision whose inputs and outputs are in single; it is left as
            it is.
    """
    made = ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    halves = {n for n, kind in element_types(model).items() if kind == TensorProto.FLOAT16}
    for tensor in graph.initializer:
        _widen(tensor)
    nodes: list[NodeProto] = []
    for node in graph.node:
        _compute_in_single(node)
        nodes += [node, *_roundings(node, halves)]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    return made


def _compute_in_single(node: NodeProto) -> None:
    for attribute in node.attribute:
        _widen(attribute.t)
        if attribute.name in TYPES and attribute.i == TensorProto.FLOAT16:
            attribute.i = TensorProto.FLOAT


def _widen(tensor: TensorProto) -> None:
    if tensor.data_type == TensorProto.FLOAT16:
        array = numpy_helper.to_array(tensor).astype("float32")
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _roundings(node: NodeProto, halves: set[str]) -> list[NodeProto]:
    """Returns the nodes that round what a node makes in half precision."""
    made = []
    for at, name in enumerate(node.output):
        if name in halves:
            exact, half = f"{name}.exact", f"{name}.half"
            node.output[at] = exact
            made += [
                helper.make_node("Cast", [exact], [half], half, to=TensorProto.FLOAT16),
                helper.make_node("Cast", [half], [name], f"{name}.single", to=TensorProto.FLOAT),
            ]
    return made
