"""Whether a network and its data go together, judged before anything is trained."""

from __future__ import annotations

import torch

from archspec.backends.binding import bind_sizes
from archspec.ir.graph import Graph
from archspec.ir.types import shape_text
from archspec.training.data.dataset import Dataset
from archspec.training.errors import TrainingError
from archspec.training.loop.objective import trained_values
from archspec.training.loop.output_agreement import check_output


def check_agreement(graph: Graph, data: Dataset, loss: str = "cross_entropy") -> None:
    """Checks the data's examples and classes, or values, against the network's input and outputs.

    Args:
        graph: The network.
        data: The data.
        loss: The name of the loss, which says what outputs mean.

    Raises:
        TrainingError: They do not go together.
    """
    _check_input(graph, data)
    for name, value in trained_values(graph).items():
        check_output(graph, name, value, data, loss)


def _check_input(graph: Graph, data: Dataset) -> None:
    if len(graph.inputs) != 1:
        raise TrainingError(
            f"{data.name} has one input for each example, but the network takes "
            f"{', '.join(graph.inputs)}",
            "only networks with one input can be trained",
            place=("inputs",),
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
            place=("inputs", name),
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
                place=node.span,
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
