"""Features: what layers that never change make of the examples, computed once and kept."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

import torch
from torch import nn

from archspec.backends.torch_rest import Features, Rest
from archspec.frontend.phases import Stage
from archspec.ir.graph import Graph, Node, Value
from archspec.ops.base.noise import Noise
from archspec.training.data.dataset import SHARE, Dataset
from archspec.training.data.examples import Examples, evaluation_batches
from archspec.training.data.memory import total_memory
from archspec.training.errors import TrainingError
from archspec.training.loop.objective import makers
from archspec.training.loop.regularize import has_penalised_output, with_penalised_outputs

PLACE = ("train", "cache_features")


class Cut(NamedTuple):
    """A network in two parts.

    Attributes:
        graph: The network as it is trained.
        before: The nodes whose outputs are the same in every epoch.
        after: All others.
        values: What the others read of them, or of the inputs.
    """

    graph: Graph
    before: Sequence[Node]
    after: Sequence[Node]
    values: Sequence[Value]

    @property
    def worthwhile(self) -> bool:
        """Whether any weights are in the first part."""
        return any(node.tensors() for node in self.before)


def cut(scores: Graph, constant: Set[str]) -> Cut:
    """Returns a network in two parts, of which the first makes the same of an example each time.

    Args:
        scores: The network up to its scores.
        constant: The layers that no phase has changed.
    """
    graph = with_penalised_outputs(scores)
    ends = [*graph.outputs.values(), *(head.value for head in graph.heads.values())]
    needed = {node.path for node in makers(graph, ends)}
    known = {value.name: value for value in graph.inputs.values()}
    before: list[Node] = []
    after: list[Node] = []
    for node in graph.nodes:
        if all(value.name in known for value in node.inputs) and _stays(node, constant):
            before.append(node)
            known |= {value.name: value for value in node.outputs}
        else:
            after.append(node)
    after = [node for node in after if node.path in needed]
    read = {value.name for node in after for value in node.inputs} | {end.name for end in ends}
    values = [value for name, value in known.items() if name in read]
    used = {node.path for node in makers(graph, values)}
    return Cut(graph, [node for node in before if node.path in used], after, values)


def check_features(scores: Graph, stages: Sequence[Stage]) -> None:
    """Checks that there are features to be kept in one of the phases.

    Raises:
        TrainingError: There are none.
    """
    if any(cut(scores, stage.constant).worthwhile for stage in stages):
        return
    first = next((node for node in scores.nodes if not _stays(node, stages[0].constant)), None)
    because = f"`{first.path}` is trained" if first else "nothing is frozen"
    help_ = "freeze the first layers, `freeze: [NAME]`, or leave `cache_features` out"
    if first and _is_random(first):
        because = f"`{first.path}` changes examples at random in each epoch"
        part = "it" if isinstance(first.op, Noise) else "its `dropout`"
        help_ = f"leave {part} out, or `cache_features`"
    raise TrainingError(f"there are no features to cache: {because}", help_, place=PLACE)


@torch.no_grad()
def featured(
    part: Cut, network: nn.Module, data: Dataset, device: torch.device
) -> tuple[Dataset, Rest, int]:
    """Returns data whose training and validation examples are features, and what goes on with them.

    Args:
        part: The network in two parts.
        network: The network, with its weights.
        data: The data.
        device: Where to compute; features are kept in the memory of the processor.

    Returns:
        The data, what computes outputs of features, and how many bytes features take.

    Raises:
        TrainingError: They are too large, or cannot be computed alone.
    """
    if len(part.values) > 1 and any(value.type.dtype != "float32" for value in part.values):
        raise TrainingError(
            "features are numbers, and later layers read whole numbers beside them",
            "leave `cache_features` out",
            place=PLACE,
        )
    features = Features(part.graph, part.before, part.values)
    home = next(network.parameters()).device
    network.to(device).eval()
    splits, size = dict(data.splits), 0
    shapes: list[tuple[int, ...]] = []
    for name in ("train", "validation"):
        if data.splits[name].number:
            kept, shapes = _kept(features, network, data.splits[name], device)
            splits[name] = data.splits[name]._replace(held=kept, late=())
            size += kept.nbytes
    network.to(home).train()
    return data._replace(splits=splits), Rest(part.graph, part.after, part.values, shapes), size


def _kept(
    features: Features, network: nn.Module, examples: Examples, device: torch.device
) -> tuple[torch.Tensor, list[tuple[int, ...]]]:
    """Returns the features of all examples of a split, in its order, and their shapes."""
    parts: list[torch.Tensor] = []
    shapes: list[tuple[int, ...]] = []
    for inputs, *_ in evaluation_batches(examples):
        made, shapes = features(network, inputs.to(device))
        needed = made[0].nbytes * examples.number
        if needed > total_memory() / SHARE:
            raise TrainingError(
                f"the features of {examples.number:,} examples take {needed / 2**30:.1f} GiB, "
                "more than a quarter of the memory",
                "leave `cache_features` out, or freeze more layers, up to where features are small",
                place=PLACE,
            )
        parts.append(made.cpu())
    return torch.cat(parts), shapes


def _stays(node: Node, constant: Set[str]) -> bool:
    """Returns whether a node makes the same of the same inputs in every epoch."""
    if _is_random(node) or has_penalised_output(node):
        return False
    learns = any(param.kind in ("weight", "statistic") for param in node.tensors().values())
    return not learns or node.owner in constant


def _is_random(node: Node) -> bool:
    """Returns whether a node changes examples at random while it trains, frozen or not.

    Recurrent layers and attention have a dropout inside.
    """
    return isinstance(node.op, Noise) or bool(getattr(node.op, "dropout", 0))
