"""What can be computed before the model runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import NodeProto, helper
from onnx.reference import ReferenceEvaluator

from archspec.backends.onnx.attributes import attributes_of
from archspec.backends.onnx.program import Program
from archspec.ir.dim import Size

LARGEST_GROWTH = 2**20
"""How many bytes more than what it is computed from a constant may have."""


def fold_constants(program: Program) -> bool:
    """Computes what depends only on weights, constants and sizes that are known."""
    sizes = _known_sizes(program)
    nodes = _constant_nodes(program, sizes)
    values = sizes | _computed([n for n in nodes if n.output[0] not in sizes], program, sizes)
    folded = _worth_it(nodes, program, values)
    for node in folded:
        program.arrays |= {name: values[name] for name in node.output if name}
    program.remove(folded)
    program.sweep()
    return bool(folded)


def _known_sizes(program: Program) -> dict[str, np.ndarray]:
    """Returns the sizes that a `Shape`, or a `Gather` from one, makes of what types say."""
    shapes: dict[str, tuple[Size, ...]] = {}
    known = {}
    for node in program.nodes:
        sizes: object = None
        if node.op_type == "Shape" and node.input[0] in program.values:
            attributes, shape = attributes_of(node), program.values[node.input[0]].shape
            sizes = shapes[node.output[0]] = shape[attributes.get("start") : attributes.get("end")]
        elif node.op_type == "Gather" and node.input[0] in shapes:
            indices = program.arrays.get(node.input[1])
            if indices is not None:
                sizes = np.array(shapes[node.input[0]], object)[indices]
        flat = np.array(sizes, object)
        if sizes is not None and all(isinstance(size, int) for size in flat.reshape(-1)):
            known[node.output[0]] = flat.astype(np.int64)
    return known


def _constant_nodes(program: Program, sizes: Mapping[str, np.ndarray]) -> list[NodeProto]:
    """Returns the nodes that are no output and make constants, in the order of the model.

    Of those that compute the same, all but the first are replaced by it: what uses the same
    weights still shares them when they are folded.
    """
    known, nodes = {*program.arrays, *sizes, ""}, []
    first: dict[tuple[object, ...], NodeProto] = {}
    same: dict[str, str] = {}
    for node in program.nodes:
        for at, name in enumerate(node.input):
            node.input[at] = same.get(name, name)
        if not (node.output[0] in sizes or (node.input and known.issuperset(node.input))):
            continue
        if not {*program.results}.isdisjoint(node.output):
            continue
        attributes = sorted(a.SerializeToString() for a in node.attribute)
        twin = first.setdefault((node.op_type, *node.input, *attributes), node)
        if twin is node:
            nodes.append(node)
            known.update(node.output)
        else:
            same |= dict(zip(node.output, twin.output, strict=True))
    return nodes


def _computed(
    nodes: Sequence[NodeProto], program: Program, sizes: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns what constant nodes make, by name."""
    read = {name for node in nodes for name in node.input}
    given = {n: array for n, array in {**program.arrays, **sizes}.items() if n in read}
    made = [name for node in nodes for name in node.output if name]
    if not made:
        return {}
    graph = helper.make_graph(
        nodes,
        "constants",
        [helper.make_tensor_value_info(n, _element(a), a.shape) for n, a in given.items()],
        [onnx.ValueInfoProto(name=name) for name in made],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", program.opset)])
    with np.errstate(all="ignore"):  # as it would be when the model runs
        arrays = ReferenceEvaluator(model).run(None, given)
    return dict(zip(made, map(np.ascontiguousarray, arrays), strict=True))


def _worth_it(
    nodes: Sequence[NodeProto], program: Program, values: Mapping[str, np.ndarray]
) -> list[NodeProto]:
    """Returns the nodes that make not much more than there is of what all of it comes from."""
    origins = {name: array.nbytes for name, array in program.arrays.items()}
    worth = []
    for node in nodes:
        read = sum(origins.get(name, 0) for name in {*node.input})
        origins |= dict.fromkeys(node.output, read)
        if sum(values[name].nbytes for name in node.output if name) <= read + LARGEST_GROWTH:
            worth.append(node)
    return worth


def _element(array: np.ndarray) -> int:
    return int(helper.np_dtype_to_tensor_dtype(array.dtype))
