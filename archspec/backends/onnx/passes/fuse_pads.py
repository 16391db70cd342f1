"""Zeros around the input of layers that can pad themselves."""

from __future__ import annotations

from onnx import NodeProto

from archspec.backends.onnx.attributes import attributes_of, set_attribute
from archspec.backends.onnx.program import Program


def fuse_pads(program: Program) -> bool:
    """Makes zeros that are padded a part of the convolution or average pooling after them."""
    readers, fused = program.readers_of(), []
    for node in program.nodes:
        if node.op_type != "Pad" or node.output[0] in program.results:
            continue
        after = readers[node.output[0]]
        changes = [_padded(reader, node, program) for reader in after]
        if None in changes:
            continue
        for reader, change in zip(after, changes, strict=True):
            reader.input[0] = node.input[0]
            for name, value in (change or {}).items():
                set_attribute(reader, name, value)
        fused.append(node)
    program.remove(fused)
    program.sweep()
    return bool(fused)


def _padded(reader: NodeProto, pad: NodeProto, program: Program) -> dict[str, object] | None:
    """Returns the attributes with which a node pads for itself what a `Pad` adds, if it can."""
    attributes = attributes_of(reader)
    kernel = attributes.get("kernel_shape")
    if reader.op_type not in ("Conv", "AveragePool") or kernel is None:
        return None
    if {*attributes.get("dilations", [1])} != {1} and reader.op_type == "AveragePool":
        return None
    if attributes.get("auto_pad", b"NOTSET") != b"NOTSET" or pad.output[0] in reader.input[1:]:
        return None
    added = _added(pad, len(kernel), program)
    if added is None:
        return None
    own = list(attributes.get("pads") or [0] * len(added))
    pads = [one + other for one, other in zip(own, added, strict=True)]
    if reader.op_type == "Conv":
        return {"pads": pads}
    # Zeros that were a part of the input count in the mean, and so must all others then.
    counted = attributes.get("count_include_pad", 0) or not any(own)
    fits = all(amount < size for amount, size in zip(pads, [*kernel, *kernel], strict=True))
    if not counted or not fits or attributes.get("ceil_mode", 0):
        return None
    return {"pads": pads, "count_include_pad": 1}


def _added(pad: NodeProto, spatial: int, program: Program) -> list[int] | None:
    """Returns the zeros before each axis of a window and those after, if no more is added."""
    operands: list[str] = [*pad.input, "", ""]
    amounts, fill, axes = operands[1:4]
    read = [program.arrays.get(name) for name in (amounts, fill, axes) if name]
    if attributes_of(pad).get("mode", b"constant") != b"constant":
        return None
    if any(array is None for array in read) or (fill and program.arrays[fill] != 0):
        return None
    rank = spatial + 2
    numbers = program.arrays[amounts].tolist()
    padded = program.arrays[axes].tolist() if axes else range(rank)
    sides = [[0] * rank, [0] * rank]
    for side, given in zip(sides, (numbers[: len(padded)], numbers[len(padded) :]), strict=True):
        for axis, amount in zip(padded, given, strict=True):
            side[axis] = amount
    before, after = sides
    if any(before[:2] + after[:2]) or min(before + after) < 0:
        return None
    return before[2:] + after[2:]
