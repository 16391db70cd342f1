"""Sigmoids in a deep hidden stack: each shrinks the gradient, so the first layers hardly learn."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from archspec.ir.graph import Node
from archspec.ir.op import Operator
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network

DEEP = 3
"""How many hidden sigmoids in a row are too many."""

_SHOWN = 4
"""How many of them are pointed at."""


class _Stack(NamedTuple):
    """Sigmoids one after the other, with weights between.

    Attributes:
        nodes: The first of them, as many as are shown.
        length: How many there are.
        hidden: Whether weights follow the last one.
    """

    nodes: tuple[Node, ...]
    length: int
    hidden: bool = False


_Given: TypeAlias = Sequence[_Stack | None]
"""The stacks before a node, by its inputs."""


def sigmoid_stack(network: Network) -> Iterator[Finding]:
    """Yields the longest stack above each first sigmoid, if it is deep.

    The last layer's does not count, nor does a gate's. Other activations and normalisations end
    a stack, and so does a way round it.
    """
    if len(network.having(_is_sigmoid)) < DEEP:
        return
    parts: dict[type[Operator], Callable[[Node, _Given], _Stack | None] | None] = {}
    known: dict[str, _Stack] = {}
    deep: dict[str, _Stack] = {}
    for node in network.graph.nodes:
        operator = type(node.op)
        if operator not in parts:
            parts[operator] = _part(operator)
        part = parts[operator]
        made = part(node, [known.get(value.name) for value in node.inputs]) if part else None
        if made is None:
            continue
        known[node.output.name] = made
        first = made.nodes[0].path
        if made.hidden and made.length >= max(DEEP, deep[first].length if first in deep else 0):
            deep[first] = made
    for stack in deep.values():
        yield _finding(stack)


def _is_sigmoid(operator: type[Operator]) -> bool:
    return operator.kind() in ("sigmoid", "hardsigmoid")


def _part(operator: type[Operator]) -> Callable[[Node, _Given], _Stack | None] | None:
    """Returns what an operator makes of the stacks it is given, if it does not end them."""
    if _is_sigmoid(operator):
        return _topped
    if operator.mixes is not None:
        return _hidden
    return _handed_on if operator.passes or operator.moves or operator.variadic else None


def _topped(sigmoid: Node, given: _Given) -> _Stack:
    """Returns a stack with a sigmoid on top; one without weights before it begins anew."""
    stack = given[0]
    if stack is None or not stack.hidden:
        return _Stack((sigmoid,), 1)
    return _Stack((*stack.nodes, sigmoid)[:_SHOWN], stack.length + 1)


def _hidden(_: Node, given: _Given) -> _Stack | None:
    """Returns a stack with weights on top."""
    return given[0] and given[0]._replace(hidden=True)


def _handed_on(_: Node, given: _Given) -> _Stack | None:
    """Returns the lowest stack, for the gradient takes the shortest way; there may be none."""
    stacks = [stack for stack in given if stack is not None]
    return min(stacks, key=lambda stack: stack.length) if len(stacks) == len(given) else None


def _finding(stack: _Stack) -> Finding:
    first, *others = stack.nodes
    return Finding(
        "W208",
        f"{stack.length:,} hidden layers in a row have a sigmoid, from {named(first)} on: each "
        "multiplies the gradient by at most 1/4",
        "use `relu` or `tanh` in hidden layers; a sigmoid is for gates and for the last layer",
        first,
        tuple((node, "1/4 once more") for node in others),
    )
