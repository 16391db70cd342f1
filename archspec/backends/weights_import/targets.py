"""The layers with weights of a graph, and how data flow through them."""

from __future__ import annotations

from collections.abc import Iterable

from archspec.backends.weights_import.feature_order import feature_orders
from archspec.backends.weights_import.flow import (
    AVERAGE_POOL,
    CONCAT,
    MAX_POOL,
    MERGE,
    Flow,
    Step,
)
from archspec.backends.weights_import.layer import Target
from archspec.ir.graph import Graph, Node
from archspec.ir.op import Operator


def targets_of(graph: Graph, *, heads: bool) -> tuple[Target, ...]:
    """Returns the layers with weights, each before those that read what it makes.

    Args:
        graph: The network.
        heads: Whether those of the heads are among them.
    """
    ins, outs = feature_orders(graph)
    made = []
    for node in _nodes(graph, heads=heads):
        tensors = {
            name: param for name, param in node.parameters().items() if param.kind != "counter"
        }
        if tensors:
            made.append(Target(node, tensors, ins.get(node.path), outs.get(node.path)))
    return tuple(made)


def flow_of(graph: Graph, targets: Iterable[Target], *, heads: bool) -> Flow:
    """Returns how data flow through the layers with weights of a graph."""
    numbers = {target.path: index for index, target in enumerate(targets)}
    steps: list[Step] = []
    made: dict[str, int] = {}
    for name in graph.inputs:
        made[name] = len(steps)
        steps.append(Step("input", ()))
    for node in _nodes(graph, heads=heads):
        inputs = tuple(made[value.name] for value in node.inputs)
        for value in node.outputs:
            made[value.name] = len(steps)
        steps.append(Step(_label(node.op, len(inputs)), inputs, numbers.get(node.owner)))
    ends = [value.name for value in graph.outputs.values()]
    ends += [head.value.name for head in graph.heads.values() if heads]
    return Flow(tuple(steps), tuple(made[name] for name in ends))


def _nodes(graph: Graph, *, heads: bool) -> list[Node]:
    return graph.nodes if heads else graph.inference_nodes()


def _label(op: Operator, inputs: int) -> str | None:
    kind = op.kind()
    if kind in ("concat", "stack"):
        return CONCAT
    if inputs > 1:
        return MERGE
    window = getattr(op, "kernel_size", None)
    if window is not None and {*(window if isinstance(window, tuple) else (window,))} == {1}:
        return None  # it only leaves values out
    if "max_pool" in kind:
        return MAX_POOL
    return AVERAGE_POOL if "avg_pool" in kind else None
