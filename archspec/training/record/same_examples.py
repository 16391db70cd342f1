"""Whether runs were judged alike, without which none is the better one: on what, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.frontend.train_schema import TrainSpec
from archspec.frontend.train_schema.data import SOURCES
from archspec.ir.graph import Graph
from archspec.ir.treatment import Penalty
from archspec.training.record.measures import measure_of, stage_of
from archspec.training.record.settings import settings

OF_DATA = (*SOURCES, "classes", "targets")
"""The fields of `train.data` that say which examples there are, and what is true of them."""

OF_TEST = ("test", "seed", "stratify", "shuffle")
"""The fields of `train.data.split` that the test split depends on."""

OF_TRAIN_LOSS = ("data.class_weights", "data.augment.mixup", "data.augment.cutmix")
"""The settings that are part of the loss in training only."""


def other_examples(specs: Sequence[TrainSpec], stage: str) -> list[str]:
    """Returns the settings by which runs were judged on other examples than each other.

    Args:
        specs: The `train` section of each run.
        stage: What they were judged on: `train`, `validation` or `test`.
    """
    said = [_said(spec, stage) for spec in specs]
    return [name for name in said[0] if any(each[name] != said[0][name] for each in said)]


def _said(spec: TrainSpec, stage: str) -> Mapping[str, object]:
    split, table = spec.data.split, spec.data.table
    of_all = {*type(split).model_fields} - ({"train"} if stage == "validation" else set())
    fields = OF_TEST if stage == "test" else sorted(of_all)
    return {
        **{f"data.{name}": getattr(spec.data, name) for name in OF_DATA},
        "data.table": table and (table.file, table.target),  # examples may have other features
        **{f"data.split.{name}": getattr(split, name) for name in fields},
    }


def other_loss(runs: Sequence[tuple[TrainSpec, Graph]], metric: str) -> list[str]:
    """Returns in what a loss is another one in some runs: each a name, and what it is there.

    Args:
        runs: The `train` section of each run, and its network.
        metric: The metric; if it is no loss there is nothing to return.
    """
    if not measure_of(metric).endswith("loss"):
        return []
    defined = [_defined(spec, graph, metric) for spec, graph in runs]
    texts = {
        name: list(dict.fromkeys(each.get(name, "none") for each in defined))
        for name in dict.fromkeys(name for each in defined for name in each)
    }
    if len(texts["loss"]) > 1:
        texts = {name: each for name, each in texts.items() if not name.startswith("loss.")}
    return [f"{name}: {' against '.join(each)}" for name, each in texts.items() if len(each) > 1]


def _defined(spec: TrainSpec, graph: Graph, metric: str) -> Mapping[str, str]:
    """Returns what a loss consists of; that of a head has neither other heads nor penalties."""
    training = stage_of(metric) == "train"
    wanted = {"data.sample_weights", *(OF_TRAIN_LOSS if training else ())}
    found = {
        name: text
        for name, text in settings(spec).items()
        if name in wanted or name.partition(".")[0] == "loss"
    }
    if training and measure_of(metric) == "loss":
        heads = (f"{name} {head.weight:g}" for name, head in graph.heads.items())
        found["auxiliary heads"] = ", ".join(heads) or "none"
        found["penalties"] = ", ".join(_penalties(graph)) or "none"
    return found


def _penalties(graph: Graph) -> list[str]:
    """Returns the penalties that a network has, in whichever layers, as a spec says them."""
    kinds = {
        f"{what.removesuffix('penalty')}{norm} {size:g}"
        for node in graph.nodes
        for what, penalty in node.treatment._asdict().items()
        if isinstance(penalty, Penalty)
        for norm, size in penalty._asdict().items()
        if size
    }
    return sorted(kinds)
