"""A network judged on examples: the same figures as training reports, and what they come from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import torch

from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.data.dataset import Dataset, Examples, evaluation_batches
from archspec.training.data.labels import label_names
from archspec.training.loop.losses import loss_function
from archspec.training.loop.metrics import Gathered, told
from archspec.training.loop.objective import main_output, scores_graph
from archspec.training.loop.task import Task, metric_names, task_of
from archspec.training.prediction.predict import main_outputs, trained_network
from archspec.training.record.class_results import Judged, Labelled
from archspec.training.record.measures import rank, title

Outputs: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""Makes the main output, `[count, ...]`, of inputs `[count, ...]`."""


class Evaluation(NamedTuple):
    """A network's results on some examples.

    Attributes:
        metrics: Loss and metrics by what they measure, as those of training.
        outputs: The scores, or the values, `[count, ...]`.
        targets: The truths, `[count]` or `[count, ...]`.
        judged: What was said of each, where examples are of one class each.
        labelled: What was said of each, where they may have several labels.
        of_what: What precision, recall, F1 and AUC are of; empty if none is measured.
    """

    metrics: Mapping[str, float]
    outputs: np.ndarray
    targets: np.ndarray
    judged: Judged | None
    labelled: Labelled | None
    of_what: str


def network_outputs(
    graph: Graph, spec: TrainSpec, weights: Mapping[str, torch.Tensor], device: torch.device
) -> Outputs:
    """Returns what computes the scores of a network in PyTorch.

    Args:
        graph: The network.
        spec: The `train` section, whose loss scores are for.
        weights: The network's.
        device: Where to compute; inputs and scores are in the memory of the processor.

    Raises:
        MisfitError: The weights are not the graph's.
    """
    scores = scores_graph(graph, spec.loss.name)
    network = trained_network(scores, weights).to(device)
    (name,) = scores.inputs
    return lambda inputs: main_outputs(network, scores, {name: inputs.to(device)}).cpu()


def evaluate(
    outputs: Outputs, graph: Graph, spec: TrainSpec, data: Dataset, examples: Examples
) -> Evaluation:
    """Judges a network.

    Args:
        outputs: Computes its scores.
        graph: The network.
        spec: The `train` section, which says what is measured.
        data: The data set.
        examples: Some of it, at least one.
    """
    task = task_of(spec, data, main_output(graph).type.example)
    made, wanted, weighed = [], [], []
    for inputs, targets, *weights in evaluation_batches(examples):
        made.append(outputs(inputs).float())
        wanted.append(targets)
        weighed += weights
    scores, truths = torch.cat(made), torch.cat(wanted)
    gathered = Gathered(metric_names(spec, task), task)
    gathered.add(scores, truths)
    loss = loss_function(spec.loss)(scores, truths, torch.cat(weighed) if weighed else None)
    figures = {"loss": loss} | gathered.result()
    return Evaluation(
        metrics={name: float(figures[name]) for name in sorted(figures, key=rank)},
        outputs=scores.numpy(),
        targets=truths.reshape(scores.shape).numpy() if task.kind == "values" else truths.numpy(),
        judged=_judged(task, data.classes, scores, truths),
        labelled=_labelled(task, spec, scores, truths),
        of_what=of_what(task, data.classes, figures),
    )


def _judged(
    task: Task, classes: tuple[str, ...], scores: torch.Tensor, targets: torch.Tensor
) -> Judged | None:
    """Returns predictions of classes; none where targets are values, or several labels each."""
    if task.kind not in ("multiclass", "binary"):
        return None
    likely, true = told(scores, targets, task)
    if task.kind == "binary":
        likely = torch.stack([1 - likely, likely], dim=1)
    best, predicted = likely.max(dim=1)
    return Judged(classes or ("0", "1"), true.numpy(), predicted.numpy(), best.numpy())


def _labelled(
    task: Task, spec: TrainSpec, scores: torch.Tensor, targets: torch.Tensor
) -> Labelled | None:
    if task.kind != "multilabel":
        return None
    likely, true = told(scores, targets, task)
    names = label_names(spec.data, task.number)
    return Labelled(names, true.bool().numpy(), likely.numpy())


def of_what(task: Task, classes: Sequence[str], measured: Collection[str]) -> str:
    """Returns what precision, recall, F1 and AUC are of, as a sentence.

    Args:
        task: What the network tells.
        classes: The names of the classes.
        measured: The names of the metrics that are measured.
    """
    known = [title(name) for name in ("precision", "recall", "f1", "auc") if name in measured]
    if not known or task.kind == "values":
        return ""
    *others, last = known
    what = f"{', '.join(others)} and {last}" if others else last
    verb = "are" if others else "is"
    if task.kind == "binary":
        return f"{what} {verb} of the class {(classes or ('0', '1'))[1]}"
    every = "labels" if task.kind == "multilabel" else "classes"
    return f"{what} {verb} {'means' if others else 'the mean'} over the {every}"


def scores_of(graph: Graph, loss: str, made: torch.Tensor) -> torch.Tensor:
    """Returns the scores that a network's output stands for, where it ends in what a loss has.

    A probability that has become 0 in single precision is taken for the smallest there is.

    Args:
        graph: The network.
        loss: The name of the loss.
        made: The main output of the whole network.
    """
    end = main_output(graph).name
    if main_output(scores_graph(graph, loss)).name == end:
        return made
    kind = next(node.op.kind() for node in graph.nodes if node.output.name == end)
    logs = made if kind.startswith("log_") else _log(made)
    return logs - _log(1 - logs.exp()) if "sigmoid" in kind else logs


def _log(likely: torch.Tensor) -> torch.Tensor:
    return likely.clamp_min(torch.finfo(torch.float32).tiny).log()
