"""What becomes of a model's outputs, batch by batch: classes, numbers, arrays in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Protocol

import numpy as np

from archspec.backends.binding import bind_sizes
from archspec.backends.onnx_model import REMEDY, MismatchError, OnnxModel
from archspec.backends.whole_file import write_whole
from archspec.ir.dim import substitute
from archspec.ir.graph import Graph
from archspec.ir.types import TensorType, shape_text
from archspec.training.errors import TrainingError
from archspec.training.given import Batch, Given, batches
from archspec.training.predict import probabilities
from archspec.training.source import UNKNOWN


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
) -> None:
    """Runs a model on all examples and hands on what it makes of them.

    Args:
        model: The model.
        graph: What it takes and makes.
        given: The examples.
        batch_size: How many it runs on at once, if that is free.
        outcomes: What becomes of the outputs.
        progress: Is told after each batch how many more examples are done.

    Raises:
        TrainingError: An example is not what the model takes.
        MismatchError: The model cannot run, or makes something else than the graph says.
    """
    fixed = model.fixed_batch
    for batch in batches(given, fixed or batch_size):
        count = len(batch.places)
        expected = _expected(graph, given, batch)
        outputs = model.run(_filled(batch.inputs, fixed) if fixed else batch.inputs)
        if fixed:
            outputs = {name: array[:count] for name, array in outputs.items()}
        for name, array in outputs.items():
            _require(name, array, expected[name])
        for outcome in outcomes:
            outcome.add(batch, outputs)
        progress(count)


class Classes:
    """The most probable classes of each example.

    Attributes:
        best: Their numbers, `[count, top]`, the most probable first.
        likely: Their probabilities, `[count, top]`.
    """

    def __init__(self, graph: Graph, given: Given, classes: int, top: int) -> None:
        self._graph, self._truths = graph, given.truths
        self._main = next(iter(graph.outputs))
        shape = (len(given.indices), min(top, classes))
        self.best = np.zeros(shape, np.int64)
        self.likely = np.zeros(shape, np.float32)

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Takes the outputs for a batch, by name."""
        likely = probabilities(self._graph, outputs[self._main])
        best = np.argsort(-likely, axis=1, kind="stable")[:, : self.best.shape[1]]
        self.best[batch.places] = best
        self.likely[batch.places] = np.take_along_axis(likely, best, axis=1)

    @property
    def correct(self) -> int | None:
        """How many most probable classes are the true ones, if all of these are known."""
        if (self._truths == UNKNOWN).any():
            return None
        return int((self.best[:, 0] == self._truths).sum())


class Numbers:
    """The numbers of the main output.

    Attributes:
        values: Those of each example.
    """

    def __init__(self, graph: Graph, given: Given) -> None:
        self.main = next(iter(graph.outputs))
        self.values: list[list[float]] = [[] for _ in given.indices]

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Takes the outputs for a batch, by name."""
        for at, array in zip(batch.places, outputs[self.main], strict=True):
            self.values[at] = array.reshape(-1).tolist()


class Archive:
    """All outputs as arrays, for an `.npz` file."""

    def __init__(self, graph: Graph, given: Given) -> None:
        self._files = given.files
        self._made: dict[str, list[np.ndarray]] = {
            name: [np.empty(0)] * len(given.indices) for name in graph.outputs
        }

    def add(self, batch: Batch, outputs: Mapping[str, np.ndarray]) -> None:
        """Takes the outputs for a batch, by name."""
        for name, made in self._made.items():
            for at, array in zip(batch.places, outputs[name], strict=True):
                made[at] = array

    def write(self, path: Path) -> dict[str, tuple[int, ...]]:
        """Writes the file, whole or not at all, and returns the shape of each output.

        The examples are in the order in which they were given; `files` names them.

        Raises:
            TrainingError: The outputs differ in size, so that they are no arrays.
            OSError: The file cannot be written.
        """
        arrays: dict[str, np.ndarray] = {"files": np.array(self._files)} if self._files else {}
        for name, made in self._made.items():
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


def _expected(graph: Graph, given: Given, batch: Batch) -> dict[str, TensorType]:
    """Returns what each output is to be for a batch of inputs."""
    shapes = {name: array.shape for name, array in batch.inputs.items()}
    try:
        sizes = bind_sizes(graph.inputs, graph.equalities, shapes)
    except ValueError as error:
        which = given.files[batch.places[0]] if given.files else given.name
        taken = ", ".join(f"{name}: {value.type}" for name, value in graph.inputs.items())
        shown = " and ".join(shape_text(shape[1:]) for shape in shapes.values())
        message = f"{which} gives {shown}, but the model takes {taken}"
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
