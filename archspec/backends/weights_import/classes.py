"""Layers that are alike in kind and shapes, here and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archspec.backends.weights_import.candidates import members_of
from archspec.backends.weights_import.conversion import fits
from archspec.backends.weights_import.layer import Source, Target


class Classes(NamedTuple):
    """Which layers are alike.

    Attributes:
        of_ours: The class of each of our layers.
        of_theirs: The same of the file's.
        sets: The file's layers that one of a class may be.
    """

    of_ours: list[int]
    of_theirs: list[int]
    sets: list[int]


def classes_of(targets: Sequence[Target], source: Source) -> Classes:
    """Returns which layers are alike, and which may be which."""
    kinds: dict[object, int] = {}
    ours, examples = [], []
    for target in targets:
        key = (type(target.node.op), _settings(target), *target.tensors.items())
        if key not in kinds:
            kinds[key] = len(kinds)
            examples.append(target)
        ours.append(kinds[key])
    known: dict[object, int] = {}
    sets = [0] * len(examples)
    for index, layer in enumerate(source.layers):
        shapes = tuple((name, array.shape) for name, array in layer.tensors.items())
        key = (layer.kind, shapes)
        if key not in known:
            known[key] = sum(
                1 << number
                for number, target in enumerate(examples)
                if fits(layer, target, is_keras=source.is_keras)
            )
        for number in members_of(known[key]):
            sets[number] |= 1 << index
    return _joined(Classes(ours, [], sets), len(source.layers))


def _settings(target: Target) -> object:
    """Returns what else than shapes decides whether a layer's weights can be ours."""
    op = target.node.op
    return getattr(op, "num_biases", None), getattr(op, "num_heads", None)


def _joined(classes: Classes, number: int) -> Classes:
    """Returns the classes with those of the file's layers: each of them is in one class only."""
    groups: list[int] = []
    for own in classes.sets:
        rest = [group for group in groups if not group & own]
        joined = own
        for group in groups:
            joined |= group if group & own else 0
        groups = [*rest, joined]
    of_theirs = [
        next((g for g, group in enumerate(groups) if group >> index & 1), -1)
        for index in range(number)
    ]
    return classes._replace(of_theirs=of_theirs)
