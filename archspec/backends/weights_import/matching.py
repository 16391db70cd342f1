"""Which layer of a file is which of ours.

A match is made when there is no other: first by equal names; else by kind and shapes, by the
order in which data flow, by the places in the graph where the file has one, and by what names
say, each of them only taking candidates away. What is left open at the end is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from archspec.backends.weights_import.candidates import (
    Candidates,
    ContradictionError,
    Order,
    members_of,
    nearest_alike,
)
from archspec.backends.weights_import.classes import Classes
from archspec.backends.weights_import.flow import Flow
from archspec.backends.weights_import.layer import Source, Target
from archspec.backends.weights_import.numbering import numbers_agree
from archspec.backends.weights_import.roles import judge
from archspec.backends.weights_import.scopes import settle_neighbours

NAME, SHAPE, ORDER, PLACE, SCOPE, ROLE, MAP = (
    "name", "shape", "order", "place", "scope", "role", "map"
)  # fmt: skip
"""What decides a match."""


class Matching(NamedTuple):
    """What was found out.

    Attributes:
        pairs: The layer of the file that each of ours is, by their numbers.
        reasons: What decided it.
        left: The candidates of each of ours that is not decided.
        clash: Whether what is known contradicts itself: there is no match at all.
    """

    pairs: Mapping[int, int]
    reasons: Mapping[int, str]
    left: Mapping[int, Sequence[int]]
    clash: bool = False


def match(
    targets: Sequence[Target],
    source: Source,
    classes: Classes,
    flow: Flow,
    given: Mapping[int, int],
) -> Matching:
    """Finds the layer of a file for each of ours.

    Args:
        targets: Our layers.
        source: The file's, as many.
        classes: Which of them are alike.
        flow: How data flow through ours.
        given: What a mapping file says: the sets of layers that some of ours may be.
    """
    start = Candidates([classes.sets[kind] for kind in classes.of_ours])
    try:
        if given:
            for target, allowed in given.items():
                start.restrict(target, allowed)
            start.settle(MAP)
        elif _by_name(start, targets, source):
            return _finished(start)
        start.settle(SHAPE)
    except ContradictionError:
        return _finished(start, clash=True)
    for trusted in (True, False):
        order = _order(source, flow, classes, trusted=trusted)
        made = start.copy()
        try:
            if source.flow is not None:
                _by_place(made, source.flow, flow, classes)
            made.settle(ORDER, order)
        except ContradictionError:
            continue  # these layers were not defined in the order of the data
        _by_names(made, targets, source, order)
        if made.open or numbers_agree(order.pairs, _names(made, source)):
            return _finished(made)
    return _finished(start, clash=True)


def _by_name(candidates: Candidates, targets: Sequence[Target], source: Source) -> bool:
    """Matches by name, if all names are the same."""
    numbers = {layer.name: index for index, layer in enumerate(source.layers)}
    if any(target.path not in numbers for target in targets):
        return False
    if any(not own >> numbers[t.path] & 1 for t, own in zip(targets, candidates.sets, strict=True)):
        return False
    for index, target in enumerate(targets):
        candidates.restrict(index, 1 << numbers[target.path])
    candidates.settle(NAME)
    return True


def _order(source: Source, flow: Flow, classes: Classes, *, trusted: bool) -> Order:
    """Returns what is known of the order.

    Args:
        source: The file.
        flow: How data flow through our layers.
        classes: Layers that are alike.
        trusted: Whether layers of one series stand in the order of the data.
    """
    edges = flow.edges()
    alike = nearest_alike(edges, classes.of_ours, len(classes.of_ours))
    series: dict[str, list[int]] = {}
    for index, layer in enumerate(source.layers):
        if trusted and layer.series is not None:
            series.setdefault(layer.series, []).append(index)
    return Order(edges | alike, list(series.values()), len(source.layers))


def _by_place(candidates: Candidates, theirs: Flow, ours: Flow, classes: Classes) -> None:
    """Leaves the candidates whose place in the graph is the same, if all places are there."""
    number = len(classes.of_theirs)
    of_class = [_class_of(own, classes) for own in classes.sets]
    our_colours = ours.colours(len(classes.of_ours), lambda layer: of_class[classes.of_ours[layer]])
    their_colours = theirs.colours(number, lambda layer: classes.of_theirs[layer])
    if sorted(our_colours) != sorted(their_colours):
        return
    sets: dict[int, int] = {}
    for index, colour in enumerate(their_colours):
        sets[colour] = sets.get(colour, 0) | 1 << index
    for target, colour in enumerate(our_colours):
        candidates.restrict(target, sets[colour])
    candidates.settle(PLACE)


def _class_of(own: int, classes: Classes) -> int:
    return classes.of_theirs[own.bit_length() - 1] if own else -1


def _by_names(
    candidates: Candidates, targets: Sequence[Target], source: Source, order: Order
) -> None:
    """Decides by names as far as they are clear, and not at all if they contradict themselves."""
    ours = [target.path for target in targets]
    theirs = [layer.name for layer in source.layers]
    before = candidates.copy()
    try:
        while candidates.open:
            if settle_neighbours(candidates, ours, theirs):
                candidates.settle(SCOPE, order)
            elif judge(candidates, ours, theirs):
                candidates.settle(ROLE, order)
            else:
                break
    except ContradictionError:
        candidates.sets, candidates.reasons = before.sets, before.reasons


def _names(candidates: Candidates, source: Source) -> dict[int, str]:
    return {t: source.layers[s].name for t, s in candidates.decided.items()}


def _finished(candidates: Candidates, *, clash: bool = False) -> Matching:
    left = {t: [*members_of(candidates.sets[t])] for t in candidates.open}
    return Matching(candidates.decided, candidates.reasons, left, clash)
