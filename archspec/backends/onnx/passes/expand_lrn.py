"""Local response normalisation as operators that run fast."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, helper

from archspec.backends.onnx.attributes import attributes_of
from archspec.backends.onnx.precision import keep_single
from archspec.backends.onnx.program import Program

LARGEST = 512
"""The most channels of which every one is multiplied with every other: beyond, `LRN` is faster."""

BETA = 0.75
"""The exponent that is two square roots and a product, which everybody takes."""


def expand_lrn(program: Program) -> bool:
    """Writes local response normalisation as a convolution, which ONNX Runtime computes faster.

    ONNX Runtime's own `LRN` goes through the channels one by one. A convolution of 1×1 with a
    matrix of 0 where channels are no neighbours sums their squares as fast as the processor can.
    """
    nodes: list[NodeProto] = []
    for node in program.nodes:
        nodes += _expanded(node, program) or [node]
    expanded = len(nodes) > len(program.nodes)
    program.nodes = nodes
    return expanded


def _expanded(node: NodeProto, program: Program) -> list[NodeProto]:
    """Returns the nodes that a node becomes, or none if it stays."""
    type_ = program.values.get(node.output[0])
    if node.op_type != "LRN" or type_ is None:
        return []
    channels = type_.shape[1]
    if not isinstance(channels, int) or channels > LARGEST:
        return []
    path, (source,), (result,) = node.name, node.input, node.output
    weight, bias, power = _band(path, channels, attributes_of(node), program)
    square, energy, divisor = f"{path}.square", f"{path}.energy", f"{path}.divisor"
    made = [
        helper.make_node("Mul", [source, source], [square], f"{path}.Mul"),
        helper.make_node("Conv", [square, weight, bias], [energy], f"{path}.Conv"),
        *_power(path, energy, divisor, power, program),
        helper.make_node("Div", [source, divisor], [result], f"{path}.Div"),
    ]
    for each in made:
        keep_single(each)
    return made


def _band(
    path: str, channels: int, attributes: dict[str, float], program: Program
) -> tuple[str, str, float]:
    """Adds the constants of the convolution; returns their names, and the exponent."""
    size, places = int(attributes["size"]), np.arange(channels)
    near = np.abs(places[:, np.newaxis] - places) <= size // 2
    share = attributes.get("alpha", 1e-4) / size
    weight, bias = f"{path}.neighbours", f"{path}.constant"
    program.arrays[weight] = (near * share).astype(np.float32).reshape(channels, channels, 1, 1)
    program.arrays[bias] = np.full(channels, attributes.get("bias", 1.0), np.float32)
    return weight, bias, attributes.get("beta", BETA)


def _power(path: str, base: str, made: str, power: float, program: Program) -> list[NodeProto]:
    """Returns the nodes that raise a value to a power."""
    if power == BETA:
        root, fourth = f"{path}.root", f"{path}.fourth_root"
        return [
            helper.make_node("Sqrt", [base], [root], f"{path}.Sqrt"),
            helper.make_node("Sqrt", [root], [fourth], f"{path}.Sqrt_2"),
            helper.make_node("Mul", [root, fourth], [made], f"{path}.Mul_2"),
        ]
    exponent = f"{path}.beta"
    program.arrays[exponent] = np.array(power, np.float32)
    return [helper.make_node("Pow", [base, exponent], [made], f"{path}.Pow")]
