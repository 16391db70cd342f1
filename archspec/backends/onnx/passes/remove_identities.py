"""Nodes that hand their input on as it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import NodeProto

from archspec.backends.onnx.program import Program

NEUTRAL = {"Add": 0, "Sub": 0, "Mul": 1, "Div": 1}
"""The second operand that changes nothing."""


def remove_identities(program: Program) -> bool:
    """Removes nodes that return their input unchanged, such as dropout in inference."""
    names: dict[str, str] = {}
    fixed = {*program.inputs, *program.arrays}
    removed = []
    for node in program.nodes:
        source = _handed_on(node, program.arrays)
        if source is None:
            continue
        source, made = names.get(source, source), node.output[0]
        if made not in program.results:
            names[made] = source
        elif source not in fixed and source not in program.results:
            names = {name: made if now == source else now for name, now in names.items()}
            names[source] = made
        else:
            continue
        removed.append(node)
    program.remove(removed)
    for node in program.nodes:
        for operands in (node.input, node.output):
            for at, name in enumerate(operands):
                if name in names:
                    operands[at] = names[name]
    program.sweep()
    return bool(removed)


def _handed_on(node: NodeProto, arrays: Mapping[str, np.ndarray]) -> str | None:
    """Returns the input that a node hands on, if it does no more."""
    match node.op_type, list(node.input):
        case ("Identity" | "Concat", [source]):
            return str(source)
        case ("Add" | "Sub" | "Mul" | "Div" as kind, [source, operand]) if operand in arrays:
            number = arrays[operand]
            neutral = number.ndim == 0 and number.item() == NEUTRAL[kind]
            return str(source) if neutral else None
        case _:
            return None
