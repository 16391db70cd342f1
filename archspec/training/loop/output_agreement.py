"""Whether what a network puts out is what its data and its loss ask for."""

from __future__ import annotations

import math
from typing import NoReturn

from archspec.diagnostics import Span
from archspec.diagnostics.counted import counted
from archspec.ir.graph import Graph, Value
from archspec.ir.types import Shape, shape_text
from archspec.training.data.dataset import Dataset
from archspec.training.errors import TrainingError

ONE_HOT = "write `one_hot: true` in train.data, or use `loss: cross_entropy`"

MANY = 1000
"""Whole numbers below this may be those of classes."""


def check_output(graph: Graph, name: str, output: Value, data: Dataset, loss: str) -> None:
    """Checks an output, or a head, against the classes or values of the data.

    Args:
        graph: The network.
        name: What the output is called.
        output: The output.
        data: The data.
        loss: The name of the loss.

    Raises:
        TrainingError: They do not go together.
    """
    if loss == "cross_entropy":
        _check_scores(graph, name, output, data)
    elif loss == "binary_cross_entropy":
        _check_binary(graph, name, output, data)
    else:
        _check_values(graph, name, output, data, loss)


def _check_scores(graph: Graph, name: str, output: Value, data: Dataset) -> None:
    classes = len(data.classes)
    if not classes:
        numbered = _numbered(data)
        raise TrainingError(
            f"`cross_entropy` tells classes apart, but {data.name} has values to predict",
            f"write `targets: classes` in train.data, if {numbered} are those of classes, or use "
            "`loss: mse`"
            if numbered
            else "use `loss: mse`, or number the classes from 0, as integers",
            place=("train", "loss"),
        )
    if output.type.example != (classes,):
        _refuse_classes(graph, name, output, data)


def _check_binary(graph: Graph, name: str, output: Value, data: Dataset) -> None:
    units, shape, classes = _units(output), _target_shape(data), len(data.classes)
    rows = _rows(data)
    if not rows and units == 1 and classes == 2:
        return
    if not rows and units == classes:
        raise TrainingError(
            f"`binary_cross_entropy` judges each of the {units} outputs by itself, but {data.name} "
            "has one class for each example",
            ONE_HOT,
            place=("train", "loss"),
        )
    if rows and classes == 2 and units == 1:
        raise TrainingError(
            f"{data.name} has 2 classes, which are one-hot rows of 2 values here, but the "
            f"network's output `{name}` is {output.type}",
            "leave `one_hot` out of train.data, so that the output says yes or no to the second "
            "class; or end with `linear: 2`",
            place=_place(graph, output),
        )
    if not rows or (classes and units != classes):
        _refuse_classes(graph, name, output, data, alone=not rows and classes == 2)
    lowest, highest = _bounds(data)
    if lowest < 0 or highest > 1:
        numbered = _numbered(data)
        raise TrainingError(
            f"`binary_cross_entropy` is for targets from 0 to 1, but {data.name} has values from "
            f"{lowest:g} to {highest:g}",
            f"write `targets: classes` in train.data and use `loss: cross_entropy`, if {numbered} "
            "are those of classes, or use `loss: mse`"
            if numbered
            else "use `loss: mse`",
            place=("train", "loss"),
        )
    if units != math.prod(shape):
        _refuse_values(graph, name, output, data, shape)


def _check_values(graph: Graph, name: str, output: Value, data: Dataset, loss: str) -> None:
    if not _rows(data):
        raise TrainingError(
            f"`{loss}` is for values, but {data.name} has classes",
            ONE_HOT,
            place=("train", "loss"),
        )
    shape = _target_shape(data)
    if _units(output) != math.prod(shape):
        _refuse_values(graph, name, output, data, shape)


def _refuse_classes(
    graph: Graph, name: str, output: Value, data: Dataset, *, alone: bool = False
) -> NoReturn:
    classes = len(data.classes)
    units = 1 if alone else classes
    flat = len(output.type.example) == 1
    if not flat and output.type.example[-1] == classes:
        remedy = "put `flatten` before the last `linear`"
    else:
        remedy = f"end with `linear: {units}`" if flat else f"end with `flatten, linear: {units}`"
    raise TrainingError(
        f"{data.name} has {counted(classes, 'class', 'classes')}, "
        f"but the network's output `{name}` is {output.type}",
        remedy,
        place=_place(graph, output),
    )


def _refuse_values(graph: Graph, name: str, output: Value, data: Dataset, shape: Shape) -> NoReturn:
    raise TrainingError(
        f"{data.name} has targets of {shape_text(shape)}, "
        f"but the network's output `{name}` is {output.type}",
        f"end with `linear: {shape[0]}`"
        if len(shape) == 1
        else "let both have as many values for each example",
        place=_place(graph, output),
    )


def _place(graph: Graph, output: Value) -> Span | tuple[str, ...]:
    makers = (node.span for node in graph.nodes if output in node.outputs)
    return next(makers, ("outputs",))


def _units(output: Value) -> int | None:
    """Returns how many values an output has for each example, if that is known."""
    sizes = output.type.example
    return math.prod(int(str(s)) for s in sizes) if all(isinstance(s, int) for s in sizes) else None


def _rows(data: Dataset) -> bool:
    """Returns whether targets are rows of values, and not numbers of classes."""
    return next(iter(data.splits.values())).targets.is_floating_point()


def _target_shape(data: Dataset) -> tuple[int, ...]:
    return tuple(next(iter(data.splits.values())).targets.shape[1:])


def _numbered(data: Dataset) -> str:
    """Returns the numbers that targets are, if they are whole ones as those of classes are."""
    lowest, highest = _bounds(data)
    known = [part.targets for part in data.splits.values() if part.number]
    whole = math.prod(_target_shape(data)) == 1 and all(bool((t == t.round()).all()) for t in known)
    return f"0 to {highest:g}" if whole and lowest == 0 < highest < MANY else ""


def _bounds(data: Dataset) -> tuple[float, float]:
    known = [part.targets for part in data.splits.values() if part.number]
    return min(float(t.min()) for t in known), max(float(t.max()) for t in known)
