"""From a file of weights to those of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np

from archspec.backends.fit import LISTED, MisfitError, WeightsError, check_fits
from archspec.backends.weights_import.classes import Classes, classes_of
from archspec.backends.weights_import.conversion import OrderError, arrays_of, converted
from archspec.backends.weights_import.layer import Source, SourceLayer, Target
from archspec.backends.weights_import.mapping import mapping_text, restrictions
from archspec.backends.weights_import.matching import Matching, match
from archspec.backends.weights_import.reading import read_source
from archspec.backends.weights_import.settings import check_settings
from archspec.backends.weights_import.targets import flow_of, targets_of
from archspec.backends.weights_import.torch_source import source_of, unwrapped
from archspec.ir.graph import Graph
from archspec.ir.types import shape_text

MISFIT = "check the spec's variant and settings; --ignore leaves layers of the file out"
FOLDED = "its batch norms are folded into convolutions: take a model or checkpoint that has them"
BATCH_NORM = "batch_norm"


class UndecidedError(WeightsError):
    """Several layers of the file may be one of ours, and nothing decides."""


class Row(NamedTuple):
    """A tensor that was taken.

    Attributes:
        name: Our name.
        layer: The layer of the file that it is from.
        shape: Its shape.
        reason: What decided that it is this layer's.
        remark: What was done to it, in few words.
    """

    name: str
    layer: str
    shape: tuple[int, ...]
    reason: str
    remark: str


class Imported(NamedTuple):
    """What was imported.

    Attributes:
        weights: The weights by our names.
        rows: How each of them was found.
        ignored: Layers and tensors of the file that were left out.
        remarks: What else is to be said.
    """

    weights: dict[str, np.ndarray]
    rows: list[Row]
    ignored: tuple[str, ...]
    remarks: tuple[str, ...]


def import_weights(
    graph: Graph,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
    key: str | None = None,
) -> Imported:
    """Returns the weights in a file as those of a graph.

    Args:
        graph: The network.
        path: The file: torch's, safetensors, Keras's or ONNX's.
        mapping: Which layers or scopes of the file are which of ours, by our paths.
        ignore: Patterns of names of layers of the file that are left out.
        key: Which of several sets of tensors in the file is wanted.

    Raises:
        WeightsError: The file cannot be read, or holds no weights, or no finite numbers.
        MisfitError: They are those of another network.
        UndecidedError: It cannot be told which layer is which.
        MappingError: The mapping names what there is not.
    """
    work = _Work(graph, path, mapping or {}, ignore, key)
    matching = work.matching
    if matching.clash:
        raise MisfitError(
            f"the layers of {path} cannot be matched with those of {graph.stem}: "
            "shapes, order and names contradict each other",
            f"`archspec weights map {path} --to SPEC` writes a mapping to edit, for --map",
        )
    if matching.left:
        raise _undecided(work)
    weights, rows = work.converted()
    check_fits(graph, weights)
    _check_finite(path, rows, weights)
    return Imported(weights, rows, work.ignored, check_settings(path, work.pairs()))


def propose_mapping(
    graph: Graph, path: Path, *, ignore: Sequence[str] = (), key: str | None = None
) -> tuple[str, int]:
    """Returns a mapping file to edit, and how many of our layers are to be filled in.

    Raises:
        WeightsError: The file cannot be read, or holds no weights.
    """
    work = _Work(graph, path, {}, ignore, key, strict=False)
    head = f"{path.name} for {graph.stem}: archspec weights import --map"
    text = mapping_text(work.matching, work.targets, work.source.layers, head)
    return text, len(work.targets) - len(work.matching.pairs)


class _Work:
    """A file and a graph that are compared."""

    def __init__(
        self,
        graph: Graph,
        path: Path,
        mapping: Mapping[str, str],
        ignore: Sequence[str],
        key: str | None,
        *,
        strict: bool = True,
    ) -> None:
        self.graph, self.path = graph, path
        source, own = read_source(path, key)
        every, inference = targets_of(graph, heads=True), targets_of(graph, heads=False)
        source = _by_our_names(every, own) or source
        bare = unwrapped(source, {target.path for target in inference})
        left_out = [
            layer.name for layer, short in zip(source.layers, bare.layers, strict=True)
            if any(fnmatchcase(name, p) for name in (layer.name, short.name) for p in ignore)
        ]  # fmt: skip
        source = _without(source, {*left_out})
        self.ignored = (*left_out, *source.others)
        is_model = source.flow is not None and not source.is_keras  # of inference, without heads
        heads = len(every) == len(source.layers) and not is_model
        self.targets = every if heads else inference
        self.source = source = unwrapped(source, {target.path for target in self.targets})
        classes = classes_of(self.targets, source)
        if strict:
            _require_all(graph, path, self.targets, source, classes)
        flow = flow_of(graph, self.targets, heads=heads)
        given = restrictions(mapping, self.targets, source.layers, classes) if mapping else {}
        self.matching: Matching = match(self.targets, source, classes, flow, given)

    def pairs(self) -> list[tuple[Target, SourceLayer]]:
        """Returns our layers with those of the file."""
        pairs = self.matching.pairs.items()
        return [(self.targets[t], self.source.layers[s]) for t, s in pairs]

    def converted(self) -> tuple[dict[str, np.ndarray], list[Row]]:
        """Returns the weights by our names, and how each was found."""
        weights: dict[str, np.ndarray] = {}
        rows = []
        for index, source in self.matching.pairs.items():
            target, layer = self.targets[index], self.source.layers[source]
            try:
                made = converted(layer, target, is_keras=self.source.is_keras)
            except OrderError as error:
                raise MisfitError(
                    f"it cannot be told in which order Keras has the features of {target.path}",
                    "flatten before it what a layer has just made",
                ) from error
            if made is None:
                continue  # it would not have been a candidate
            arrays = arrays_of(made.tensors, target.path)
            weights |= arrays
            reason = self.matching.reasons[index]
            rows += [Row(name, layer.name, a.shape, reason, made.remark)
                     for name, a in arrays.items()]  # fmt: skip
        return weights, rows


def _by_our_names(targets: Iterable[Target], own: Mapping[str, np.ndarray]) -> Source | None:
    """Returns the layers in a file that archspec wrote, if it holds all weights as they are."""
    names = [f"{t.path}.{name}" for t in targets if t.node.head is None for name in t.tensors]
    if not own or not all(name in own for name in names):
        return None
    return source_of({name: own[name] for name in names}, in_order=False)


def _check_finite(path: Path, rows: Iterable[Row], weights: Mapping[str, np.ndarray]) -> None:
    """Checks that all values are numbers, also in single precision.

    Raises:
        WeightsError: Some are not.
    """
    for row in rows:
        if not np.isfinite(weights[row.name]).all():
            raise WeightsError(
                f"{path}: {row.layer} holds values that are no finite numbers ({row.name})",
                "take weights from before their training diverged",
            )


def _without(source: Source, names: set[str]) -> Source:
    """Returns a source without some layers."""
    if not names:
        return source
    kept = [index for index, layer in enumerate(source.layers) if layer.name not in names]
    numbers = {old: new for new, old in enumerate(kept)}
    flow = source.flow
    if flow is not None:
        steps = (
            step._replace(layer=numbers.get(step.layer)) if step.layer is not None else step
            for step in flow.steps
        )
        flow = flow._replace(steps=tuple(steps))
    return source._replace(layers=tuple(source.layers[index] for index in kept), flow=flow)


def _require_all(
    graph: Graph, path: Path, targets: Sequence[Target], source: Source, classes: Classes
) -> None:
    """Checks that each layer has one that fits, and that there are as many.

    Raises:
        MisfitError: It has not; the message names some.
    """
    without = [
        _described(target.path, {name: param.shape for name, param in target.tensors.items()})
        for target, kind in zip(targets, classes.of_ours, strict=True)
        if not classes.sets[kind]
    ]
    strange = [
        _described(layer.name, {name: array.shape for name, array in layer.tensors.items()})
        for layer, group in zip(source.layers, classes.of_theirs, strict=True)
        if group < 0
    ]
    if not without and not strange and len(targets) == len(source.layers):
        return
    faults = [
        *([f"nothing fits {_listed(without)}"] if without else []),
        *([f"nothing takes {_listed(strange)}"] if strange else []),
    ]
    counts = f"{len(source.layers)} layers with weights in the file, {len(targets)} in the spec"
    raise MisfitError(
        "; ".join([f"{path} does not hold the weights of {graph.stem}: {counts}", *faults]),
        FOLDED if _is_folded(targets, source) else MISFIT,
    )


def _is_folded(targets: Iterable[Target], source: Source) -> bool:
    """Returns whether the file is a model that has lost its batch norms."""
    has_norms = any(target.node.op.kind() == BATCH_NORM for target in targets)
    is_model = source.flow is not None and not source.is_keras
    return is_model and has_norms and all(layer.kind != BATCH_NORM for layer in source.layers)


def _described(name: str, shapes: Mapping[str, Sequence[int]]) -> str:
    told = ", ".join(f"{key} {shape_text(tuple(shape))}" for key, shape in shapes.items())
    return f"{name} ({told})"


def _undecided(work: _Work) -> UndecidedError:
    left = work.matching.left
    first, candidates = next(iter(left.items()))
    names = [work.source.layers[index].name for index in candidates]
    told = f"{work.targets[first].path} may be {' or '.join(names[:LISTED])}"
    more = f", and {len(left) - 1} more are not decided" if len(left) > 1 else ""
    is_graphless = work.source.is_keras and work.source.flow is None
    more_help = "; or save the model as .keras, which says how layers are connected"
    more_help = more_help if is_graphless else ""
    return UndecidedError(
        f"several layers of {work.path} fit one of {work.graph.stem}: {told}{more}",
        f"`archspec weights map {work.path} --to SPEC` writes a mapping; fill in what is empty "
        "and give it with --map" + more_help,
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")
