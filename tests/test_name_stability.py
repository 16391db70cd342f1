"""The naming rule on the shipped specs: which layers are renamed when one is inserted.

One unnamed layer at a time is put at every place of every list of layers; the kinds take turns.

    pytest tests/test_name_stability.py -s      prints the shares
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from archspec import ops
from archspec.diagnostics import Diagnostic, Span
from archspec.frontend import loader
from archspec.frontend.builder import Builder
from archspec.frontend.layer import CONSTRUCTS, NESTING, RESERVED
from archspec.frontend.limits import DEFAULTS
from archspec.frontend.link import Linker
from archspec.frontend.report import Report
from archspec.frontend.resolve import resolve
from archspec.frontend.shipped import shipped_specs
from archspec.frontend.tree import Items, Scalar, Table, Tree
from archspec.ir.graph import Graph

KINDS = ("relu", "identity", "batch_norm", "dropout", "tanh")
"""What is inserted: layers that change no shape."""

MOST = 0.03
"""The largest share of layers that insertions may rename on average."""

MANY = 50
"""How many layers a network must have for that: one of few is a large share."""

INSERTED = Span("inserted")
Steps: TypeAlias = tuple[str | int, ...]


class Insertion(NamedTuple):
    """What one insertion did.

    Attributes:
        paths: The paths of the inserted nodes.
        renamed: The old and the new path of each other node that was renamed.
    """

    paths: list[str]
    renamed: list[tuple[str, str]]


def linked(file: Path) -> Table:
    """Returns a spec in one piece."""
    report: list[Diagnostic] = []
    tree = loader.parse(file.read_text(encoding="utf-8"), str(file), report)
    assert isinstance(tree, Table)
    tree = resolve(Linker(str(file), report, DEFAULTS).link(tree).tree, None, {}, str(file)).tree
    assert not report
    return tree


def built(tree: Tree) -> tuple[Graph, list[str]]:
    """Returns the graph of a spec and the codes of its faults."""
    report = Report()
    assert isinstance(tree, Table)
    graph = Builder(tree, "spec", None, report).build()
    return graph, [d.code for d in report if d.code.startswith("E")]


def layer_lists(spec: Table) -> Iterator[Steps]:
    """Yields where the lists of layers of a spec stand."""
    blocks = spec.get("blocks")
    tables = blocks.entries if isinstance(blocks, Table) else {}
    params = {name: _keys(entry.value, "params") for name, entry in tables.items()}
    for above in [(), *(("blocks", name) for name in tables)]:
        yield from _within(spec, (*above, "layers"), params)


def _within(spec: Table, at: Steps, params: dict[str, set[str]]) -> Iterator[Steps]:
    """Yields a list of layers and those inside it."""
    layers = found(spec, at)
    assert isinstance(layers, Items)
    yield at
    for index, layer in enumerate(layers.items):
        if not isinstance(layer, Table):
            continue
        ((kind, (_, body)),) = layer.entries.items()
        here = (*at, index, kind)
        if isinstance(body, Items) and kind in NESTING:
            yield from _within(spec, here, params)
        if isinstance(body, Table) and not (kind in CONSTRUCTS and kind not in NESTING):
            fields = (
                {*ops.find(kind).model_fields} if kind in ops.names() else params.get(kind, set())
            )
            for key, (_, inner) in body.entries.items():
                if key in {*RESERVED, "each", *fields}:
                    continue
                if isinstance(inner, Items):
                    yield from _within(spec, (*here, key), params)
                elif isinstance(inner, Table) and isinstance(inner.get("layers"), Items):
                    yield from _within(spec, (*here, key, "layers"), params)


def _keys(tree: Tree, key: str) -> set[str]:
    table = tree.get(key) if isinstance(tree, Table) else None
    return {*table.entries} if isinstance(table, Table) else set()


def found(tree: Tree, steps: Steps) -> Tree:
    """Returns what stands at a place."""
    for step in steps:
        if isinstance(tree, Items) and isinstance(step, int):
            tree = tree.items[step]
        elif isinstance(tree, Table) and isinstance(step, str):
            tree = tree.entries[step].value
    return tree


def inserted(tree: Tree, steps: Steps, at: int, layer: Scalar) -> Tree:
    """Returns a tree with a layer at a place of one list."""
    if isinstance(tree, Items):
        items = [*tree.items]
        if steps and isinstance(steps[0], int):
            items[steps[0]] = inserted(items[steps[0]], steps[1:], at, layer)
        else:
            items.insert(at, layer)
        return tree._replace(items=tuple(items))
    assert isinstance(tree, Table)
    key = str(steps[0])
    entry = tree.entries[key]
    changed = entry._replace(value=inserted(entry.value, steps[1:], at, layer))
    return tree._replace(entries={**tree.entries, key: changed})


def insertions(tree: Table) -> Iterator[tuple[str, Insertion]]:
    """Yields what each insertion that is allowed did."""
    before = [node.path for node in built(tree)[0].nodes]
    kinds = cycle(KINDS)
    for steps in layer_lists(tree):
        layers = found(tree, steps)
        assert isinstance(layers, Items)
        for at in range(len(layers.items) + 1):
            kind = next(kinds)
            graph, faults = built(inserted(tree, steps, at, Scalar(kind, INSERTED)))
            if faults:
                # Something refers to the only layer of this kind, or several values flow here.
                assert {"E109", "E201"} & {*faults}, f"{kind} at {steps}, {at}: {faults}"
                continue
            paths = [node.path for node in graph.nodes if node.span == INSERTED]
            others = [node.path for node in graph.nodes if node.span != INSERTED]
            pairs = zip(before, others, strict=True)
            yield kind, Insertion(paths, [(old, new) for old, new in pairs if old != new])


@pytest.mark.parametrize("name", shipped_specs())
def test_an_insertion_renames_the_later_layers_of_its_kind_in_its_list_only(name: str) -> None:
    tree = linked(shipped_specs()[name])
    count = len(built(tree)[0].nodes)
    shares = []
    for kind, insertion in insertions(tree):
        shares.append(len(insertion.renamed) / count)
        for old, new in insertion.renamed:
            assert is_counted_on(old, new, kind, insertion.paths), f"{old} is now {new}"
    mean = sum(shares) / len(shares)
    print(f"{name:16} {count:5} layers {len(shares):4} insertions {mean:7.1%} {max(shares):5.0%}")
    assert mean <= MOST or count < MANY


def is_counted_on(old: str, new: str, kind: str, inserted_paths: list[str]) -> bool:
    """Returns whether a new name is the next number of the inserted kind beside an insertion."""
    pairs = list(zip(old.split("."), new.split("."), strict=True))
    differing = [index for index, (a, b) in enumerate(pairs) if a != b]
    if len(differing) != 1:
        return False
    (at,) = differing
    beside = {path.rpartition(".")[0] for path in inserted_paths}
    return ".".join(old.split(".")[:at]) in beside and all(
        re.fullmatch(rf"{kind}(_\d+)?", component) for component in pairs[at]
    )
