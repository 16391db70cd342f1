"""What is legal in a spec but surely not what was meant, as warnings at its places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from archspec.diagnostics import Diagnostic, Label, Severity, Span
from archspec.frontend.builder import Builder
from archspec.frontend.report import Call, within
from archspec.frontend.tree import Table
from archspec.ir.graph import Node
from archspec.lint import Finding, Place, Training, find

if TYPE_CHECKING:
    from archspec.frontend.train_schema import TrainSpec


def doubts(builder: Builder, train: TrainSpec | None) -> Iterator[Diagnostic]:
    """Yields the warnings about what has been built; those of the whole need it to be sound."""
    for node in builder.graph.nodes:
        if node.facts.doubt is not None:
            yield _diagnostic(Finding(*node.facts.doubt, node), builder)
    if not builder.report:
        section = builder.unit.tree.get("train")
        training = _training(train, section) if train and isinstance(section, Table) else None
        for finding in find(builder.graph, training):
            yield _diagnostic(finding, builder)


def _diagnostic(finding: Finding, builder: Builder) -> Diagnostic:
    calls: Mapping[str, tuple[Call, ...]] = builder.placement.calls
    around = calls.get(finding.at.path, ()) if isinstance(finding.at, Node) else ()
    labels = tuple(Label(_span(place, builder), text) for place, text in finding.others)
    warning = Diagnostic(
        finding.code, finding.message, _span(finding.at, builder), finding.help, labels,
        Severity.WARNING,
    )  # fmt: skip
    return within(around, warning)


def _span(place: Place, builder: Builder) -> Span:
    if isinstance(place, str):
        inputs = builder.unit.tree.get("inputs")
        return inputs.key_span(place) if isinstance(inputs, Table) else builder.unit.tree.span
    return place.span if isinstance(place, Node) else place


def _training(train: TrainSpec, section: Table) -> Training:
    """Returns what rules need of a `train` section."""
    from archspec.frontend.train_schema import DATASETS

    data = train.data
    count, said_by, key = None, "the data", data.source
    if data.dataset is not None:
        count, said_by, key = DATASETS[data.dataset], f"the data set {data.dataset}", "dataset"
    elif data.classes is not None:
        count, said_by, key = len(data.classes), "the list `classes`", "classes"
    inside = section.get("data")
    place = inside.get(key) if isinstance(inside, Table) else None
    loss = section.get("loss")
    return Training(
        count, said_by, place.span if place else section.span,
        train.loss.name, loss.span if loss else section.span,
    )  # fmt: skip
