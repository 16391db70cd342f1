"""By which metric the best epoch is chosen, and by which training is ended or slowed down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from archspec.frontend.suggest import did_you_mean
from archspec.frontend.train_schema import Metric, TrainSpec
from archspec.training.errors import TrainingError
from archspec.training.record.measures import measure_of, more_is_better, stage_of


class Selection(NamedTuple):
    """What decides about epochs.

    Attributes:
        best: The metric by which the best epoch is chosen; none for the last one.
        stopping: The metric that ends training when it no longer gets better.
        plateau: The metric that lowers the learning rate when it no longer gets better.
    """

    best: str | None
    stopping: str
    plateau: str


def direction(metric: str) -> Literal["min", "max"]:
    """Returns whether a metric is better when it is `min` or `max`."""
    return "max" if more_is_better(measure_of(metric)) else "min"


def selection_of(
    spec: TrainSpec, metrics: Sequence[str], heads: Sequence[str], *, validated: bool
) -> Selection:
    """Returns what decides about epochs.

    Without a validation split, and where the spec does not say otherwise, the last epoch is
    chosen and the rest is decided by the training loss.

    Args:
        spec: The spec's `train` section.
        metrics: What is measured beside the loss.
        heads: What has a loss of its own, if there are heads.
        validated: Whether there is a validation split.

    Raises:
        TrainingError: The spec names a metric that there is not.
    """
    training = [f"train_{name}" for name in ("loss", *metrics, *(f"{h}_loss" for h in heads))]
    validation = [f"validation_{name}" for name in ("loss", *metrics)]
    known = [*training, *(validation if validated else [])]
    said = "monitor" in spec.model_fields_set
    monitor = spec.monitor if validated or said else "train_loss"
    stopping = (spec.early_stopping and spec.early_stopping.monitor) or monitor
    for place, name in (
        (("train", "monitor"), monitor),
        (("train", "early_stopping", "monitor"), stopping),
        *((("train", "stop_at"), name) for name in spec.stop_at),
    ):
        _require_known(name, known, place, validated=validated)
    return Selection(monitor if validated or said else None, stopping, monitor)


def _require_known(
    name: str, known: Sequence[str], place: tuple[str, ...], *, validated: bool
) -> None:
    if name in known:
        return
    key = ".".join(place)
    if stage_of(name) == "validation" and not validated:
        raise TrainingError(
            f"{key} is {name}, but there is no validation split",
            "add one, such as train.data.split.validation: 0.1, or look at train_loss",
            place=place,
        )
    measure = measure_of(name)
    raise TrainingError(
        f"{key} is {name}, which is not measured",
        f"add `{measure}` to train.metrics"
        if measure in get_args(Metric)
        else did_you_mean(name, known, what="metric"),
        place=place,
    )
