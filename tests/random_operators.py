"""Which operators take a type, by their examples: so new operators join random specs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple, TypeAlias

from spec_form import Written
from spec_reading import REFUSALS, SPAN

from archspec import ops
from archspec.ir.dim import substitute
from archspec.ir.graph import Graph
from archspec.ir.types import TensorType

MOST_NUMBERS = 2000
"""The most numbers in one example of a value, a symbolic size counted as `SYMBOLIC`."""

MOST_WEIGHTS = 20_000
SYMBOLIC = 16

Keep: TypeAlias = Callable[[TensorType, TensorType], bool]
"""What a list of layers may make of a type."""


class Option(NamedTuple):
    """An operator with the fields of an example, and the type that it makes."""

    name: str
    fields: Mapping[str, object]
    made: TensorType


def any_type(before: TensorType, after: TensorType) -> bool:
    """Allows anything."""
    return True


def same_type(before: TensorType, after: TensorType) -> bool:
    """Allows the same type only."""
    return before == after


def same_but_channels(before: TensorType, after: TensorType) -> bool:
    """Allows other channels."""
    is_alike = before.dtype == after.dtype and before.shape[2:] == after.shape[2:]
    return is_alike and len(before.shape) == len(after.shape) > 1


@cache
def accepted(*types: TensorType) -> tuple[Option, ...]:
    """Returns the examples whose operators take inputs of these types."""
    found = []
    for name in ops.names():
        operator = ops.find(name)
        if operator.variadic or len(operator.input_names) != len(types):
            continue
        for example in operator.examples:
            graph = Graph("one")
            values = [graph.add_input(f"x{i}", type_) for i, type_ in enumerate(types)]
            op = operator.model_validate(example.fields)
            try:
                made = graph.add("node", op, values, span=SPAN)
            except REFUSALS:
                continue
            if is_small(graph):
                found.append(Option(name, example.fields, made[0].type))
    return tuple(found)


def is_small(graph: Graph, start: int = 0) -> bool:
    """Returns whether the nodes from `start` are small enough to be run."""
    nodes = graph.nodes[start:]
    tensors = [param for node in nodes for param in node.tensors().values()]
    return all(
        _numbers(value.type) <= MOST_NUMBERS for node in nodes for value in node.outputs
    ) and all(math.prod(param.shape) <= MOST_WEIGHTS for param in tensors)


def _numbers(type_: TensorType) -> int:
    sizes = dict.fromkeys("DHSTW", SYMBOLIC)
    known = [substitute(size, sizes) for size in type_.example]
    return math.prod(size if isinstance(size, int) else SYMBOLIC for size in known)


def as_yaml(value: object) -> Written:
    """Returns a field as YAML has it."""
    if isinstance(value, (tuple, list)):
        return [as_yaml(item) for item in value]
    if isinstance(value, Mapping):
        return {key: as_yaml(item) for key, item in value.items()}
    return value
