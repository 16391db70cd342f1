"""What is known of a model that is to be run: its network, its preprocessing, its classes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from archspec.backends.onnx_model import PIXELS, OnnxModel
from archspec.frontend import Compiled
from archspec.frontend.train_schema import Data, Step
from archspec.ir.graph import Graph, Value
from archspec.training.labels import class_labels
from archspec.training.objective import main_output
from archspec.training.pictures import MODES, WHITE, Preparation

INKS: Mapping[str, float] = {"digits": 16}
"""The largest value in data sets of pictures that do not go to 255."""


class Subject(NamedTuple):
    """A model and what is known of it.

    Attributes:
        graph: Its network, which takes what the model takes; or inputs and outputs alone,
            if the model carries no spec.
        compiled: Its spec, if it carries one.
        steps: The preprocessing of what it is given, if that is known.
        labels: The names of its classes, if they are known.
        channels_last: Whether the model takes images `[H, W, C]`.
    """

    graph: Graph
    compiled: Compiled | None
    steps: Sequence[Step] | None
    labels: tuple[str, ...] | None
    channels_last: bool

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
        """How many classes the main output tells apart, if it is as long as classes' scores."""
        example = main_output(self.graph).type.example
        size = example[0] if len(example) == 1 else None
        return size if isinstance(size, int) and size > 1 else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, which are numbers if nothing else is known."""
        number = self.classes or 0
        known = self.labels if self.labels and len(self.labels) == number else None
        return known or tuple(map(str, range(number)))

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
        MismatchError: The model is not its spec's.
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
    return made._replace(steps=_steps(model, made), labels=_labels(model, made.data))


def _channels_last(model: OnnxModel, compiled: Compiled | None) -> bool:
    """Returns where a model has its channels: as it says, or as its shape tells."""
    if compiled:
        return model.metadata.get("archspec.layout") == "nhwc"
    example = next(iter(model.inputs.values())).example
    return len(example) == 3 and example[-1] in MODES and example[0] not in MODES


def _steps(model: OnnxModel, subject: Subject) -> Sequence[Step] | None:
    if subject.embedded:
        return ()
    said = model.metadata.get("archspec.preprocess")
    if said is not None:
        try:
            return TypeAdapter(list[Step]).validate_json(said)
        except ValidationError:
            pass  # another program's, or a later version's: the spec says it, too
    return subject.data.preprocess if subject.data else None


def _labels(model: OnnxModel, data: Data | None) -> tuple[str, ...] | None:
    try:
        said = json.loads(model.metadata.get("archspec.classes", "null"))
    except json.JSONDecodeError:
        said = None
    if isinstance(said, list) and said:
        return tuple(map(str, said))
    return class_labels(data) if data else None
