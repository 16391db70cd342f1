"""What becomes of a model's outputs, batch by batch: classes, numbers, arrays in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from archspec.backends.binding import bind_sizes
from archspec.backends.onnx_model import REMEDY, MismatchError, OnnxModel
from archspec.backends.whole_file import write_whole
from archspec.ir.dim import substitute
from archspec.ir.graph import Graph
from archspec.ir.types import TensorType, shape_text
from archspec.training.errors import TrainingError
from archspec.training.prediction.given import Batch, Given, batches
from archspec.training.prediction.probabilities import of_each, probabilities


class Skipped(NamedTuple):
    """An example that the model did not run on.

    Attributes:
        place: Where it stands among all.
        why: What is wrong with it.
    """

    place: int
    why: TrainingError | MismatchError


class Outcome(Protocol):
    """Something that is made of a model's outputs."""

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Takes the outputs for a batch, by name."""


def run(
    model: OnnxModel,
    graph: Graph,
    given: Given,
    batch_size: int,
    outcomes: Sequence[Outcome],
    progress: Callable[[int], object],
) -> list[Skipped]:
    """Runs a model on all examples and hands on what it makes of them.

    Files that cannot be read, or that the model does not take, are left out.

    Args:
        model: The model.
        graph: What it takes and makes.
        given: The examples.
        batch_size: How many it runs on at once, if that is free.
        outcomes: What becomes of the outputs.
        progress: Is told how many more examples are done.

    Returns:
        The files that were left out.

    Raises:
        TrainingError: Examples that are no files are not what the model takes.
        MismatchError: The model cannot run on such, or makes something else than the graph says.
    """
    skipped: list[Skipped] = []

    def skip(place: int, why: TrainingError | MismatchError) -> None:
        if given.files is None:
            raise why
        skipped.append(Skipped(place, why))
        progress(1)

    fixed = model.fixed_batch
    for batch in batches(given, fixed or batch_size, skip):
        count = len(batch.places)
        try:
            expected = _expected(graph, batch)
            outputs = model.run(_filled(batch.inputs, fixed) if fixed else batch.inputs)
        except (TrainingError, MismatchError) as error:
            for place in batch.places:
                name = given.files[place] if given.files else given.name
                skip(place, type(error)(f"{name}: {error.message}", error.help))
            continue
        if fixed:
            outputs = {name: array[:count] for name, array in outputs.items()}
        for name, array in outputs.items():
            _require(name, array, expected[name])
        for outcome in outcomes:
            outcome.add(batch, outputs)
        progress(count)
    return skipped


class Classes:
    """The most probable classes of each example.

    Attributes:
        best: Their numbers, `[count, top]`, the most probable first.
        likely: Their probabilities, `[count, top]`.
    """

    def __init__(
        self, graph: Graph, given: Given, classes: int, top: int, *, apart: bool = False
    ) -> None:
        """Begins with none.

        Args:
            graph: The network.
            given: The examples.
            classes: How many classes there are.
            top: How many of them are wanted.
            apart: Whether each output is the score of a class by itself.
        """
        self._graph, self._main, self._apart = graph, next(iter(graph.outputs)), apart
        shape = (len(given.indices), min(top, classes))
        self.best = np.zeros(shape, np.int64)
        self.likely = np.zeros(shape, np.float32)

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Takes the outputs for a batch, by name."""
        likely = probabilities(self._graph, outputs[self._main], apart=self._apart)
        best = np.argsort(-likely, axis=1, kind="stable")[:, : self.best.shape[1]]
        self.best[batch.places] = best
        self.likely[batch.places] = np.take_along_axis(likely, best, axis=1)


class YesOrNo:
    """What is said of each of several labels.

    Attributes:
        main: The output's name.
        likely: The probability of yes, `[count, labels]`.
    """

    def __init__(self, graph: Graph, given: Given, labels: int) -> None:
        self._graph, self.main = graph, next(iter(graph.outputs))
        self.likely = np.zeros((len(given.indices), labels), np.float32)

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Takes the outputs for a batch, by name."""
        self.likely[batch.places] = of_each(self._graph, outputs[self.main])


class Numbers:
    """The numbers of the main output.

    Attributes:
        main: The output's name.
        values: Those of each example, none of one that was skipped.
        count: How many an example has.
    """

    def __init__(self, graph: Graph, given: Given) -> None:
        self.main = next(iter(graph.outputs))
        self.values: list[list[float]] = [[] for _ in given.indices]
        self.count = 0

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Takes the outputs for a batch, by name."""
        for at, array in zip(batch.places, outputs[self.main], strict=True):
            self.values[at] = array.reshape(-1).tolist()
            self.count = array.size


class Archive:
    """All outputs as arrays, for an `.npz` file."""

    def __init__(self, graph: Graph, given: Given) -> None:
        self._files = given.files
        self._made: dict[str, dict[int, np.ndarray]] = {name: {} for name in graph.outputs}

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Takes the outputs for a batch, by name."""
        for name, made in self._made.items():
            made.update(zip(batch.places.tolist(), outputs[name], strict=True))

    def write(self, path: Path) -> dict[str, tuple[int, ...]]:
        """Writes the file, whole or not at all, and returns the shape of each output.

        The examples are in the order in which they were given; `files` names them.

        Raises:
            TrainingError: The outputs differ in size, so that they are no arrays.
            OSError: The file cannot be written.
        """
        places = sorted(next(iter(self._made.values())))
        arrays = {"files": np.array([self._files[at] for at in places])} if self._files else {}
        for name, by_place in self._made.items():
            made = [by_place[at] for at in places]
            shapes = dict.fromkeys(array.shape for array in made)
            if len(shapes) > 1:
                first, second, *_ = map(shape_text, shapes)
                raise TrainingError(
                    f"the outputs `{name}` differ in size: {first}, but also {second}",
                    "give examples of one size, or run the command once for each size",
                )
            arrays[name] = np.stack(made)
        content = BytesIO()
        np.savez(content, **arrays)  # type: ignore[arg-type]
        write_whole(path, content.getvalue())
        return {name: arrays[name].shape for name in self._made}


def _expected(graph: Graph, batch: Batch) -> dict[str, TensorType]:
    """Returns what each output is to be for a batch of inputs.

    Raises:
        TrainingError: The inputs are not what the graph takes.
    """
    shapes = {name: array.shape for name, array in batch.inputs.items()}
    try:
        sizes = bind_sizes(graph.inputs, graph.equalities, shapes)
    except ValueError as error:
        taken = ", ".join(f"{name}: {value.type}" for name, value in graph.inputs.items())
        shown = " and ".join(shape_text(shape[1:]) for shape in shapes.values())
        message = f"it gives {shown}, but the model takes {taken}"
        raise TrainingError(message, str(error)) from error
    return {
        name: TensorType(
            (len(batch.places), *(substitute(size, sizes) for size in value.type.example)),
            value.type.dtype,
        )
        for name, value in graph.outputs.items()
    }


def _filled(inputs: Mapping[str, np.ndarray], size: int) -> dict[str, np.ndarray]:
    """Returns a batch of a fixed size: what is missing is the last example again."""
    return {
        name: np.concatenate([array, *[array[-1:]] * (size - len(array))])
        for name, array in inputs.items()
    }


def _require(name: str, array: np.ndarray, expected: TensorType) -> None:
    """Checks an output against its type, whose sizes are free where they are no numbers."""
    shape = expected.shape
    alike = array.ndim == len(shape) and all(
        size == wanted or not isinstance(wanted, int)
        for size, wanted in zip(array.shape, shape, strict=True)
    )
    if not alike or array.dtype != expected.dtype:
        raise MismatchError(
            f"the model's output {name} is {array.dtype} {list(array.shape)} instead of "
            f"{expected.dtype} [{', '.join(map(str, shape))}]",
            REMEDY,
        )
