"""What may change when a run is resumed, and that only one process goes on with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from archspec.frontend import compile_spec
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.errors import OutputError, TrainingError
from archspec.training.record.run_directory import SPEC

LOCK = ".lock"

FREE: dict[str, Any] = {
    "epochs": True,
    "early_stopping": True,
    "stop_at": True,
    "compile": True,
    "data": {"root", "download", "in_memory", "workers"},
}
"""What does not say what the steps so far were: how long, and how it is computed."""

SPANNING = ("cosine", "one_cycle")
"""The schedules that are laid out over all epochs."""


def check_unchanged(directory: Path, graph: Graph, spec: TrainSpec) -> None:
    """Checks that a run can go on as it began.

    Args:
        directory: The run directory, whose spec is that of the run so far.
        graph: The network.
        spec: The `train` section by which it is to go on.

    Raises:
        TrainingError: The network, the data or the way to train is another one.
    """
    before = compile_spec(str(directory / SPEC), allow_outside=True)
    if before.train is None or _layers(before.graph) != _layers(graph):
        raise TrainingError(
            "a resumed run goes on with its own network, and this is another one",
            "train it as a run of its own, without --resume",
        )
    old, new = _settled(before.train), _settled(spec)
    changed: list[tuple[str, ...]] = []
    changed += [("train", name) for name in new if name != "data" and new[name] != old[name]]
    changed += [
        ("train", "data", name) for name in new["data"] if new["data"][name] != old["data"][name]
    ]
    if _spans(spec) and spec.epochs != before.train.epochs:
        changed.append(("train", "phases" if spec.phases else "epochs"))
    if changed:
        raise TrainingError(
            f"a resumed run goes on as it began, but `{'.'.join(changed[0])}` is changed",
            "leave it as it is, or train a run of its own, without --resume",
            place=changed[0],
        )


def more_epochs(spec: TrainSpec) -> str:
    """Returns how a run that has come to its end goes on, if it does."""
    last = spec.during(spec.phases[-1]) if spec.phases else spec
    if last.schedule and _spans(spec):
        return f"its {last.schedule.name} schedule too; train a run of its own for more epochs"
    key = f"train.phases.{len(spec.phases) - 1}.epochs" if spec.phases else "train.epochs"
    return f"give it more epochs: --set {key}={2 * last.epochs}"


def _settled(spec: TrainSpec) -> dict[str, Any]:
    """Returns what must not change; of phases, the last may become longer."""
    settled = spec.model_dump(exclude=FREE)
    if spec.phases:
        del settled["phases"][-1]["epochs"]
    return settled


def _spans(spec: TrainSpec) -> bool:
    """Returns whether the end of the run has been laid out in a schedule."""
    schedule = (spec.during(spec.phases[-1]) if spec.phases else spec).schedule
    return schedule is not None and schedule.name in SPANNING


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Keeps other processes from going on with a run at the same time.

    Raises:
        OutputError: One does.
    """
    try:
        with FileLock(directory / LOCK, timeout=0):
            yield
    except Timeout as error:
        raise OutputError(
            f"{directory} is being trained by another process", "wait until it has ended"
        ) from error


def _layers(graph: Graph) -> list[object]:
    return [(node.path, node.op, node.treatment) for node in graph.nodes]
