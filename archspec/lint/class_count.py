"""Output units unlike the number of classes in the data."""

from collections.abc import Iterator

from archspec.diagnostics.counted import counted
from archspec.ir.graph import Node, Value
from archspec.lint.finding import Finding
from archspec.lint.network import Network

_LOSSES = ("cross_entropy", "binary_cross_entropy")


def class_count(network: Network) -> Iterator[Finding]:
    """Yields the ends of a classifier, main output and heads, that have another number of units."""
    training = network.training
    if training is None or training.classes is None or training.loss not in _LOSSES:
        return
    alone = training.loss == "binary_cross_entropy" and training.classes == 2
    classes = counted(training.classes, "class", "classes")
    for what, value in network.ends:
        shape = value.type.example
        if len(shape) != 1 or not isinstance(shape[0], int) or shape[0] == training.classes:
            continue
        if alone and shape[0] == 1:
            continue
        layer = _last_units(value, network)
        units = counted(shape[0], "unit", "units")
        yield Finding(
            "W401",
            f"{what} has {units}, but {training.classes_from} has {classes}",
            "give it 1 unit" if alone else f"give it {training.classes} units, one for each class",
            layer or value.name,
            ((training.classes_span, f"{classes} here"),),
        )


def _last_units(value: Value, network: Network) -> Node | None:
    """Returns the layer that decides how many units a value has; none if an input does."""
    maker = network.makers.get(value.name)
    while maker is not None and len(maker.inputs) == 1 and maker.op.mixes is None:
        if maker.inputs[0].type != maker.output.type:
            break
        maker = network.makers.get(maker.inputs[0].name)
    return maker
