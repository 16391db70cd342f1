"""Whether a network and its data go together, judged before anything is trained."""

from __future__ import annotations

from archspec.backends.binding import bind_sizes
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph, Value
from archspec.ir.types import shape_text
from archspec.training.data import Dataset
from archspec.training.errors import TrainingError


def check_agreement(graph: Graph, spec: TrainSpec, data: Dataset) -> None:
    """Checks the data's examples and classes against the network's input and outputs.

    Raises:
        TrainingError: They do not go together.
    """
    _check_input(graph, data)
    main = next(iter(graph.outputs))
    heads = {name: head.value for name, head in graph.heads.items()}
    for name, value in {main: graph.outputs[main], **heads}.items():
        _check_output(name, value, data)
    if spec.batch_size == 1 and any(node.op.kind() == "batch_norm" for node in graph.nodes):
        raise TrainingError(
            "batch_norm cannot learn from batches of one example",
            "use a train.batch_size of at least 2",
        )


def _check_input(graph: Graph, data: Dataset) -> None:
    if len(graph.inputs) != 1:
        raise TrainingError(
            f"{data.name} has one input for each example, but the network takes "
            f"{', '.join(graph.inputs)}",
            "only networks with one input can be trained",
        )
    ((name, value),) = graph.inputs.items()
    wanted, given = value.type.example, data.example
    try:
        bind_sizes(graph.inputs, graph.equalities, {name: (1, *given)})
    except ValueError as error:
        raise TrainingError(
            f"{data.name} gives examples of {shape_text(given)}, "
            f"but the network takes {name}: {value.type}",
            _input_help(wanted, given) or str(error),
        ) from error


def _input_help(wanted: tuple[object, ...], given: tuple[int, ...]) -> str:
    if len(wanted) != len(given):
        return f"these data are for a network with inputs: {{NAME: {list(given)}}}"
    if wanted == given:
        return ""
    if len(given) == 3 and wanted[0] == given[0] and all(isinstance(s, int) for s in wanted):
        return f"add `resize: {list(wanted[1:])}` to train.data.preprocess"
    return f"change the network's input to {list(given)}, or the data"


def _check_output(name: str, output: Value, data: Dataset) -> None:
    classes = len(data.classes)
    if output.type.example == (classes,):
        return
    raise TrainingError(
        f"{data.name} has {classes} classes, but the network's output `{name}` is {output.type}",
        f"end with `linear: {classes}`",
    )
