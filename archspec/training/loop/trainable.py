"""Whether a network that goes with its data can learn from them as its spec says."""

from __future__ import annotations

from collections.abc import Iterable

from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.op import Operator
from archspec.ir.totals import params
from archspec.ops.base.activation import Activation
from archspec.ops.base.axis_activation import AxisActivation
from archspec.ops.base.noise import Noise
from archspec.ops.identity import Identity
from archspec.ops.leaky_relu import LeakyReLU
from archspec.ops.prelu import PReLU
from archspec.training.augmentation import require_images
from archspec.training.data.dataset import Dataset
from archspec.training.errors import TrainingError
from archspec.training.loop.objective import ENDS, main_output, makers, trained_values
from archspec.training.loop.task import ONLY_FOR, metric_names, task_of

UNBOUNDED = (AxisActivation, Identity, LeakyReLU, PReLU)
"""The activations that scores may come out of: all others cut them off, or squeeze them."""

TOP = 5
"""How many classes `top_5_accuracy` takes for the answer."""


def check_trainable(graph: Graph, spec: TrainSpec, data: Dataset, when: str = "") -> None:
    """Checks that a network, which goes with its data, can learn from them.

    Args:
        graph: The network, with what is frozen.
        spec: The spec's `train` section.
        data: The data.
        when: The phase in which that is frozen, in words, as ` in phase 2`.

    Raises:
        TrainingError: It cannot.
    """
    ends = trained_values(graph)
    _check_weights(graph, ends.values(), when)
    for name, value in ends.items():
        _check_scores(graph, name, value, spec.loss.name)
    _check_metrics(graph, spec, data)
    examples = data.splits["train"].number
    if not examples:
        raise TrainingError(
            f"no example of {data.name} is left to train on",
            "leave more of them in train.data.split",
            place=("train", "data", "split"),
        )
    if spec.data.augment:
        require_images(spec.data.augment, data.splits["train"].early([0]))
    size = examples if spec.batch_size == "full" else spec.batch_size
    if min(size, examples) == 1 and _has_batch_norm(graph):
        raise TrainingError(
            "batch_norm cannot learn from batches of one example",
            "use a train.batch_size of at least 2"
            if examples > 1
            else "leave more examples to train on in train.data.split",
            place=("train", "batch_size" if examples > 1 else "data"),
        )


def _check_weights(graph: Graph, ends: Iterable[Value], when: str) -> None:
    used = {node.owner for node in makers(graph, ends)}
    owners = [node for node in graph.nodes if node.path in used]
    if not any(params(node) for node in owners):
        raise TrainingError(
            f"there is nothing to train: {graph.stem} has no parameters",
            "add a layer with weights, such as `linear`",
        )
    if not any(node.trains(param) for node in owners for param in node.parameters().values()):
        raise TrainingError(
            f"there is nothing to train{when}: all parameters of {graph.stem} are frozen",
            "leave out `freeze` where it should learn",
            place=("train", "phases") if when else ("train", "freeze"),
        )


def _check_scores(graph: Graph, name: str, value: Value, loss: str) -> None:
    """Checks that a cross-entropy gets scores, or what training leaves out to have them."""
    if loss not in ENDS:
        return
    last = _last_layer(graph, value)
    if last is None or not (_squashes(last.op, loss)):
        return
    where = f"its head `{name}`" if name in graph.heads else "the network"
    end, fine = last.op.kind(), ENDS[loss][0]
    if end == fine:  # it is, where it is the very last layer
        end_help = f"make `{fine}` the very last layer, which training leaves out"
        if value in last.outputs:
            return
    else:
        end_help = f"remove the final {end}; a final {fine} is fine"
    raise TrainingError(
        f"`{loss}` takes scores, but {where} ends in {end}", end_help, place=last.span
    )


def _check_metrics(graph: Graph, spec: TrainSpec, data: Dataset) -> None:
    task = task_of(spec, data, main_output(graph).type.example)
    told = "values" if task.kind == "values" else "classes"
    for name in metric_names(spec, task):
        if task.kind not in ONLY_FOR[name]:
            fitting = [other for other, kinds in ONLY_FOR.items() if task.kind in kinds]
            raise TrainingError(
                f"{name} cannot be measured where the network tells "
                f"{'two classes apart' if task.kind == 'binary' else told}",
                f"there are {', '.join(fitting)}",
                place=("train", "metrics"),
            )
        if name == "top_5_accuracy" and task.number <= TOP:
            raise TrainingError(
                f"of {task.number} classes, the right one is always among the first {TOP}",
                "leave out top_5_accuracy",
                place=("train", "metrics"),
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


def _squashes(op: Operator, loss: str) -> bool:
    if loss == "binary_cross_entropy" and op.kind() in ("softmax", "log_softmax"):
        return True
    return isinstance(op, Activation) and not isinstance(op, UNBOUNDED)
