"""What an operator is to the eye: its family, and the family's colour."""

from __future__ import annotations

from enum import Enum

from archspec.ir.graph import Node


class Family(Enum):
    """A family of operators: what the legend calls it, and its fill.

    Black text is read on all of them. Blue, violet, orange, yellow and bluish green are told
    apart without seeing red or green, and every two differ in lightness, so that a greyscale
    print keeps them apart too.
    """

    CONVOLUTION = ("convolution", "#a6cbee")
    LINEAR = ("linear", "#b497d8")
    POOLING = ("pooling", "#f0a860")
    NORMALISATION = ("normalisation", "#dcdcdc")
    ACTIVATION = ("activation", "#fdf2b8")
    MERGE = ("merge", "#4b9d89")
    OTHER = ("other", "#ffffff")

    def __init__(self, label: str, fill: str) -> None:
        self.label = label
        self.fill = fill


_BY_WORD = {
    "conv": Family.CONVOLUTION,
    "pool": Family.POOLING,
    "norm": Family.NORMALISATION,
    "relu": Family.ACTIVATION,
    "filter": Family.CONVOLUTION,
    "subsample": Family.POOLING,
    "rescal": Family.NORMALISATION,
    "pad": Family.OTHER,
    "drop": Family.OTHER,
    "noise": Family.OTHER,
    "random": Family.OTHER,
    "flatten": Family.OTHER,
    "shuffle": Family.OTHER,
    "upsample": Family.OTHER,
    "embedding": Family.OTHER,
}


def family(node: Node) -> Family:
    """Returns the family of a node's operator.

    It follows from the operator's contract and name, so that a new operator is coloured
    without a list to extend.
    """
    op = node.op
    if op.variadic:
        return Family.MERGE
    for word, named in _BY_WORD.items():
        if word in op.kind():
            return named
    if node.macs() != 0:
        return Family.LINEAR
    # What takes any type of numbers moves them, and computes nothing.
    computes = keeps_shape(node) and not node.tensors() and not op.any_dtype
    return Family.ACTIVATION if computes else Family.OTHER


def keeps_shape(node: Node) -> bool:
    """Returns whether the node has one input, and its output is of the same type."""
    return node.input_types == (node.output.type,)
