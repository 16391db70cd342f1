"""Whether a network and its data go together, judged before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from archspec.backends.binding import bind_sizes
from archspec.diagnostics.counted import counted
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.op import Operator
from archspec.ir.totals import params
from archspec.ir.types import shape_text
from archspec.ops.base.activation import Activation
from archspec.ops.base.axis_activation import AxisActivation
from archspec.ops.base.noise import Noise
from archspec.ops.identity import Identity
from archspec.ops.leaky_relu import LeakyReLU
from archspec.ops.prelu import PReLU
from archspec.training.data import Dataset
from archspec.training.errors import TrainingError
from archspec.training.objective import makers, trained_values

UNBOUNDED = (AxisActivation, Identity, LeakyReLU, PReLU)
"""The activations that scores may come out of: all others cut them off, or squeeze them."""


def check_agreement(graph: Graph, data: Dataset) -> None:
    """Checks the data's examples and classes against the network's input and outputs.

    Raises:
        TrainingError: They do not go together.
    """
    _check_input(graph, data)
    for name, value in trained_values(graph).items():
        _check_output(name, value, data)


def check_trainable(graph: Graph, spec: TrainSpec, data: Dataset) -> None:
    """Checks that a network, which goes with its data, can learn from them.

    Raises:
        TrainingError: It cannot.
    """
    ends = trained_values(graph)
    _check_weights(graph, ends.values())
    for name, value in ends.items():
        last = _last_layer(graph, value)
        if spec.loss.name == "cross_entropy" and last and _squashes(last.op):
            where = f"its head `{name}`" if name in graph.heads else "the network"
            end = last.op.kind()
            raise TrainingError(
                f"`cross_entropy` takes scores, but {where} ends in {end}",
                f"remove the final {end}; a final softmax is fine",
            )
    examples = data.splits["train"].number
    if min(spec.batch_size, examples) == 1 and _has_batch_norm(graph):
        raise TrainingError(
            "batch_norm cannot learn from batches of one example",
            "use a train.batch_size of at least 2"
            if examples > 1
            else "leave more examples to train on in train.data.split",
        )


def _check_weights(graph: Graph, ends: Iterable[Value]) -> None:
    used = {node.owner for node in makers(graph, ends)}
    owners = [node for node in graph.nodes if node.path in used]
    if not any(params(node) for node in owners):
        raise TrainingError(
            f"there is nothing to train: {graph.stem} has no parameters",
            "add a layer with weights, such as `linear`",
        )
    if not any(node.trains(param) for node in owners for param in node.parameters().values()):
        raise TrainingError(
            f"there is nothing to train: all parameters of {graph.stem} are frozen",
            "leave out `freeze` where it should learn",
        )


def _has_batch_norm(graph: Graph) -> bool:
    frozen = {node.path for node in graph.nodes if node.treatment.frozen}
    return any(n.op.kind() == "batch_norm" and n.owner not in frozen for n in graph.nodes)


def _last_layer(graph: Graph, value: Value) -> Node | None:
    """Returns the last layer that changes numbers, and not only their places, before a value."""
    for node in reversed(graph.nodes):
        if value in node.outputs:
            if not _keeps(node):
                return node
            value = node.inputs[0]
    return None


def _keeps(node: Node) -> bool:
    """Returns whether an operator leaves numbers as they are, at least once it is trained."""
    moves = node.op.any_dtype and not node.op.variadic and not node.tensors()
    return moves or isinstance(node.op, Noise)


def _squashes(op: Operator) -> bool:
    return isinstance(op, Activation) and not isinstance(op, UNBOUNDED)


def _check_input(graph: Graph, data: Dataset) -> None:
    if len(graph.inputs) != 1:
        raise TrainingError(
            f"{data.name} has one input for each example, but the network takes "
            f"{', '.join(graph.inputs)}",
            "only networks with one input can be trained",
        )
    ((name, value),) = graph.inputs.items()
    given = data.example
    try:
        bind_sizes(graph.inputs, graph.equalities, {name: (1, *given)})
    except ValueError as error:
        raise TrainingError(
            f"{data.name} gives examples of {shape_text(given)}, "
            f"but the network takes {name}: {value.type}",
            _input_help(graph, given) or str(error),
        ) from error
    if value.type.dtype == "int64":
        _check_tokens(graph, data)


def _check_tokens(graph: Graph, data: Dataset) -> None:
    given = torch.cat([examples.inputs.flatten() for examples in data.splits.values()])
    lowest, highest = (int(value) for value in given.aminmax())
    for node in graph.nodes:
        if node.op.kind() != "embedding" or node.inputs[0].name not in graph.inputs:
            continue
        known = node.tensors()["weight"].shape[0]
        if lowest < 0 or highest >= known:
            raise TrainingError(
                f"{data.name} has tokens from {lowest} to {highest}, but `{node.path}` takes "
                f"those from 0 to {known - 1}",
                f"use `num_embeddings: {highest + 1}`" if lowest >= 0 else "number them from 0",
            )


def _input_help(graph: Graph, given: tuple[int, ...]) -> str:
    ((name, value),) = graph.inputs.items()
    wanted = value.type.example
    if len(wanted) != len(given):
        return f"these data are for a network with inputs: {{NAME: {list(given)}}}"
    if wanted == given:
        return ""
    if len(given) > 1 and _fits(graph, name, (given[-1], *given[:-1])):
        return "their channels seem to be last: write `channels_last: true` in train.data"
    if len(given) == 3 and wanted[0] == given[0] and all(isinstance(s, int) for s in wanted):
        return f"add `resize: {list(wanted[1:])}` to train.data.preprocess"
    return f"change the network's input to {list(given)}, or the data"


def _fits(graph: Graph, name: str, example: tuple[int, ...]) -> bool:
    try:
        bind_sizes(graph.inputs, graph.equalities, {name: (1, *example)})
    except ValueError:
        return False
    return True


def _check_output(name: str, output: Value, data: Dataset) -> None:
    classes = len(data.classes)
    if output.type.example == (classes,):
        return
    flat = len(output.type.example) == 1
    if not flat and output.type.example[-1] == classes:
        remedy = "put `flatten` before the last `linear`"
    else:
        remedy = (
            f"end with `linear: {classes}`" if flat else f"end with `flatten, linear: {classes}`"
        )
    raise TrainingError(
        f"{data.name} has {counted(classes, 'class', 'classes')}, "
        f"but the network's output `{name}` is {output.type}",
        remedy,
    )
