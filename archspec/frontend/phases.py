"""The phases of a run: which layers learn in each, and how it trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from archspec.frontend.layer_names import matches
from archspec.ir.graph import Graph, Node

if TYPE_CHECKING:
    from archspec.frontend.train_schema import TrainSpec


class Stage(NamedTuple):
    """A phase of a run, or the run itself if it has none.

    Attributes:
        graph: The network, with what is frozen in this phase.
        spec: How the phase trains; its `epochs` are those of the phase.
        constant: The layers that no phase so far has changed, this one included.
    """

    graph: Graph
    spec: TrainSpec
    constant: frozenset[str]


def stages_of(graph: Graph, spec: TrainSpec) -> list[Stage]:
    """Returns the phases of a run, in order; the run itself, if it has none.

    A pattern names layers, or what they are in. What layers say by `freeze` is so at first;
    `train.freeze` freezes more, and each phase changes what the one before it has left.
    """
    graph = with_frozen(graph, spec.freeze)
    constant = _frozen(graph)
    if not spec.phases:
        return [Stage(graph, spec, constant)]
    made = []
    for phase in spec.phases:
        graph = with_frozen(graph, phase.freeze)
        graph = with_unfrozen(graph, phase.unfreeze, batch_norm=phase.batch_norm == "trained")
        constant &= _frozen(graph)
        made.append(Stage(graph, spec.during(phase), constant))
    return made


def with_frozen(graph: Graph, patterns: Sequence[str]) -> Graph:
    """Returns the graph with some more of its layers frozen."""
    return _changed(graph, patterns, lambda _: True, frozen=True)


def with_unfrozen(graph: Graph, patterns: Sequence[str], *, batch_norm: bool = False) -> Graph:
    """Returns the graph with some of its layers not frozen any more.

    Args:
        graph: The graph.
        patterns: Which ones.
        batch_norm: Whether those that measure while they train are among them.
    """
    return _changed(graph, patterns, lambda n: batch_norm or not _measures(n), frozen=False)


def _changed(
    graph: Graph, patterns: Sequence[str], chosen: Callable[[Node], bool], *, frozen: bool
) -> Graph:
    if not patterns:
        return graph
    nodes = [
        node._replace(treatment=node.treatment._replace(frozen=frozen))
        if chosen(node) and matches(node.path, patterns)
        else node
        for node in graph.nodes
    ]
    return replace(graph, nodes=nodes)


def _measures(node: Node) -> bool:
    return any(param.kind == "statistic" for param in node.tensors().values())


def _frozen(graph: Graph) -> frozenset[str]:
    return frozenset(node.path for node in graph.nodes if node.treatment.frozen)
