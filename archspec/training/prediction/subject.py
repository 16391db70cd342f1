"""What is known of a model that is to be run: its network, its preprocessing, its classes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from archspec.backends.fitted_step import FittedStep, from_json, unlearnt
from archspec.backends.metadata import CLASSES, FEATURES, PREPROCESS
from archspec.backends.onnx_model import PIXELS, REMEDY, MismatchError, OnnxModel
from archspec.diagnostics.counted import counted
from archspec.frontend import Compiled
from archspec.frontend.train_schema import Data
from archspec.ir.graph import Graph, Value
from archspec.training.data.labels import class_labels, feature_names
from archspec.training.loop.objective import main_output
from archspec.training.prediction.picture_colours import WHITE
from archspec.training.prediction.pictures import CHANNELS, Preparation

if TYPE_CHECKING:
    import torch

NAMED = 5
"""How many names of classes a message has at most."""

INKS: Mapping[str, float] = {"digits": 16}
"""The largest value in data sets of pictures that do not go to 255."""


class Subject(NamedTuple):
    """A model and what is known of it.

    Attributes:
        graph: Its network, which takes what the model takes; or inputs and outputs alone,
            if the model carries no spec.
        compiled: Its spec, if it carries one.
        steps: The preprocessing of what it is given, with what that has learnt, if it is known.
        labels: The names of its classes, if they are known.
        channels_last: Whether the model takes images `[H, W, C]`.
        doubts: What the model says of itself that is not so, or not what its spec says.
        features: The names of the numbers of an example, if they are known.
    """

    graph: Graph
    compiled: Compiled | None
    steps: Sequence[FittedStep] | None
    labels: tuple[str, ...] | None
    channels_last: bool
    doubts: tuple[str, ...] = ()
    features: tuple[str, ...] | None = None

    @property
    def data(self) -> Data | None:
        """What the network was trained on, if the spec says so."""
        return self.compiled.train.data if self.compiled and self.compiled.train else None

    @property
    def embedded(self) -> bool:
        """Whether the model does its preprocessing itself."""
        return self.compiled is not None and self.graph.inputs != self.compiled.graph.inputs

    @property
    def classes(self) -> int | None:
        """How many classes the main output tells apart, if it is as long as classes' scores.

        One output tells two apart, if it was trained to; several outputs tell none apart that
        were trained to say yes or no each, or to be values.
        """
        size = self._size
        if size == 1 and self.apart:
            return 2
        return size if size is not None and size > 1 and self._one_of_several else None

    @property
    def yes_or_no(self) -> int | None:
        """How many labels the main output says yes or no to, each by itself, if it does."""
        alone = self.apart and self.classes is None
        return self._size if alone else None

    @property
    def loss(self) -> str | None:
        """The name of the loss that the network was trained by, if the spec says so."""
        return self.compiled.train.loss.name if self.compiled and self.compiled.train else None

    @property
    def apart(self) -> bool:
        """Whether each output is a probability by itself, or the score of one."""
        return self.loss == "binary_cross_entropy"

    @property
    def _size(self) -> int | None:
        example = main_output(self.graph).type.example
        size = example[0] if len(example) == 1 else None
        return size if isinstance(size, int) else None

    @property
    def _one_of_several(self) -> bool:
        """Whether outputs are the scores of classes, as far as the spec says what they are."""
        if self.data is None or self.loss == "cross_entropy":
            return True
        said = self.data.one_hot or self.data.classes is not None
        return said or (not self.apart and self.labels is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, or labels, which are numbers if nothing else is known."""
        number = self.classes or self.yes_or_no or 0
        known = self.labels if self.labels and len(self.labels) == number else None
        return known or tuple(map(str, range(number)))

    def laid_out(self, examples: torch.Tensor) -> torch.Tensor:
        """Returns examples `[count, C, H, W]` as a model takes them that was made for cameras."""
        return examples.movedim(1, -1) if self.embedded and self.channels_last else examples

    def preparation(self) -> Preparation:
        """Returns how pictures become what the model takes."""
        taken = next(iter(self.graph.inputs.values())).type
        white = INKS.get(str(self.data.dataset), WHITE) if self.data else WHITE
        return Preparation(taken, self.steps or (), white, self.channels_last)


def subject_of(model: OnnxModel, compiled: Compiled | None, name: str) -> Subject:
    """Returns what a model's metadata and its spec say of it.

    Args:
        model: The model.
        compiled: The spec that it carries, if it does.
        name: What to call its network otherwise.

    Raises:
        MismatchError: The model is not its spec's, or takes other preprocessing.
    """
    if compiled is None:
        graph = model.graph(name)
    else:
        model.require(compiled.graph)
        graph = replace(compiled.graph, inputs={
            name: Value(name, model.inputs[name])
            if model.inputs[name].dtype == PIXELS else value
            for name, value in compiled.graph.inputs.items()
        })  # fmt: skip
    made = Subject(graph, compiled, None, None, _channels_last(model, compiled))
    made = made._replace(
        steps=_steps(model, made),
        labels=_labels(model, made.data),
        features=_features(model, made.data),
    )
    return made._replace(doubts=tuple(_doubts(model, made)))


def _channels_last(model: OnnxModel, compiled: Compiled | None) -> bool:
    """Returns where a model has its channels: as it says, or as its shape tells."""
    if compiled:
        return model.metadata.get("archspec.layout") == "nhwc"
    example = next(iter(model.inputs.values())).example
    return len(example) == 3 and example[-1] in CHANNELS and example[0] not in CHANNELS


def _steps(model: OnnxModel, subject: Subject) -> Sequence[FittedStep] | None:
    if subject.embedded:
        return ()
    said = _said_steps(model)
    if subject.data is None:
        return said
    if said is None:
        return unlearnt(subject.data.preprocess)
    if _plain(said) != _plain(unlearnt(subject.data.preprocess)):
        raise MismatchError(
            f"the model's `{PREPROCESS}` is not the preprocessing of its spec", REMEDY
        )
    return said


def _plain(steps: Sequence[FittedStep]) -> list[dict[str, object]]:
    return [fitted.step.model_dump() for fitted in steps]


def _said_steps(model: OnnxModel) -> Sequence[FittedStep] | None:
    """Returns the steps that a model names, if they are any that are known here."""
    with suppress(KeyError, ValueError):  # of json and of pydantic, too
        return from_json(json.loads(model.metadata[PREPROCESS]))
    return None


def _labels(model: OnnxModel, data: Data | None) -> tuple[str, ...] | None:
    return _said_labels(model) or (class_labels(data) if data else None)


def _features(model: OnnxModel, data: Data | None) -> tuple[str, ...] | None:
    return _said_names(model, FEATURES) or (feature_names(data) if data else None)


def _said_labels(model: OnnxModel) -> tuple[str, ...] | None:
    """Returns the names of the classes that a model has, if they are a list."""
    return _said_names(model, CLASSES)


def _said_names(model: OnnxModel, key: str) -> tuple[str, ...] | None:
    with suppress(KeyError, json.JSONDecodeError):
        said = json.loads(model.metadata[key])
        return tuple(map(str, said)) if isinstance(said, list) else None
    return None


def _doubts(model: OnnxModel, subject: Subject) -> Iterator[str]:
    said = _said_labels(model)
    if CLASSES in model.metadata and said is None:
        yield f"the model's `{CLASSES}` is no list of names"
    if PREPROCESS in model.metadata and not subject.embedded and _said_steps(model) is None:
        instead = "; that of its spec is taken" if subject.data else ""
        yield f"the model's `{PREPROCESS}` is not understood{instead}"
    known = subject.data.classes if subject.data else None
    if said and known and [*said] != known:
        yield (
            f"the model's `{CLASSES}` are {_shortened(said)}, but the classes of its spec "
            f"{_shortened(known)}; the former are shown"
        )
    if subject.labels and subject.classes and len(subject.labels) != subject.classes:
        yield (
            f"there are names for {counted(len(subject.labels), 'class', 'classes')}, but scores "
            f"for {subject.classes:,}, so numbers are shown"
        )


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
