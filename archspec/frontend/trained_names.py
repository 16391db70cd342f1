"""Whether the names in a `train` section are names of the network's layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archspec.diagnostics import Diagnostic, Span
from archspec.frontend.layer_names import layer_names, matches, tensor_names
from archspec.frontend.phases import with_frozen, with_unfrozen
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.tree import Items, Scalar, Table, Tree
from archspec.ir.graph import Graph
from archspec.ir.totals import totals

if TYPE_CHECKING:
    from archspec.frontend.train_schema import Phase, TrainSpec

LISTING = "name layers with weights; `archspec check` lists them"


def name_faults(graph: Graph, spec: TrainSpec, section: Table) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each name or pattern of a section that speaks of nothing.

    Args:
        graph: The network.
        spec: The `train` section.
        section: The same as it is written.
    """
    if not (spec.weights or spec.freeze or spec.phases or spec.learning_rates):
        return
    layers, tensors = layer_names(graph), tensor_names(graph)

    def unknown(tree: Tree | None, names: list[str]) -> Iterator[Diagnostic]:
        for pattern, span in _patterns(tree):
            if not any(matches(name, [pattern]) for name in names):
                help_ = did_you_mean(pattern, names, what="layer")
                yield Diagnostic("E106", f"no layer is called `{pattern}`", span, help_)

    everything = [*layers, *tensors]
    phases = _phases(section)
    found = [
        *_target_faults(spec, section.get("weights"), layers, tensors),
        *unknown(section.get("freeze"), layers),
        *unknown(section.get("learning_rates"), everything),
    ]
    for phase in phases:
        found += unknown(phase.get("freeze"), layers)
        found += unknown(phase.get("unfreeze"), layers)
        found += unknown(phase.get("learning_rates"), everything)
    for table in () if found else (section, *phases):
        found += _without_weights(graph, table)
    yield from found or _idle(with_frozen(graph, spec.freeze), spec, phases)


def _without_weights(graph: Graph, table: Table) -> Iterator[Diagnostic]:
    """Yields the patterns that freeze, or give a rate to, layers that have no weights."""
    shared = {node.path: node.shares for node in graph.nodes if node.shares}
    weights = [
        f"{node.path}.{name}"
        for node in graph.nodes
        for name, param in node.parameters().items()
        if param.kind == "weight"
    ]
    for key, names, said in (
        ("freeze", tensor_names(graph), "has weights to freeze"),
        ("learning_rates", weights, "has weights that learn"),
    ):
        for pattern, span in _patterns(table.get(key)):
            if any(matches(name, [pattern]) for name in names):
                continue
            owner = next((owner for use, owner in shared.items() if matches(use, [pattern])), "")
            help_ = f"its weights are those of `{owner}`: name that" if owner else LISTING
            yield Diagnostic("E103", f"nothing that `{pattern}` names {said}", span, help_)


def _phases(section: Table) -> list[Table]:
    tree = section.get("phases")
    items = tree.items if isinstance(tree, Items) else ()
    return [item for item in items if isinstance(item, Table)]


def _target_faults(
    spec: TrainSpec, tree: Tree | None, layers: list[str], tensors: list[str]
) -> Iterator[Diagnostic]:
    """Yields what is wrong with the layer that takes the weights."""
    if spec.weights is None or spec.weights.to is None or not isinstance(tree, Table):
        return
    name, place = spec.weights.to, tree.get("to")
    if place is None or any(tensor.startswith(f"{name}.") for tensor in tensors):
        return
    if name in layers:
        yield Diagnostic("E106", f"`{name}` has no weights", place.span, "name a layer that has")
        return
    help_ = did_you_mean(name, layers, what="layer")
    yield Diagnostic("E106", f"no layer is called `{name}`", place.span, help_)


def _idle(graph: Graph, spec: TrainSpec, tables: list[Table]) -> Iterator[Diagnostic]:
    """Yields the patterns of phases by which nothing begins to learn."""
    for phase, table in zip(spec.phases, tables, strict=True):
        graph = with_frozen(graph, phase.freeze)
        before = totals(graph).trainable
        for pattern, span in _patterns(table.get("unfreeze")):
            if totals(_after(graph, phase, [pattern])).trainable > before:
                continue
            help_ = "unfreeze layers with weights that are frozen: `freeze` says which"
            if totals(with_unfrozen(graph, [pattern], batch_norm=True)).trainable > before:
                help_ = "batch norm stays frozen unless the phase has `batch_norm: trained`"
            message = f"nothing that `{pattern}` names begins to learn in this phase"
            yield Diagnostic("E103", message, span, help_)
        graph = _after(graph, phase, phase.unfreeze)


def _after(graph: Graph, phase: Phase, patterns: list[str]) -> Graph:
    return with_unfrozen(graph, patterns, batch_norm=phase.batch_norm == "trained")


def _patterns(tree: Tree | None) -> Iterator[tuple[str, Span]]:
    """Yields patterns, of a list or of the keys of a mapping, with their places."""
    if isinstance(tree, Table):
        yield from ((name, entry.key.span) for name, entry in tree.entries.items())
    elif tree is not None:
        scalars = tree.items if isinstance(tree, Items) else (tree,)
        yield from ((str(s.value), s.span) for s in scalars if isinstance(s, Scalar))
