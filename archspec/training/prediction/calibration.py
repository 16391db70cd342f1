"""The examples that quantisation learns the ranges of values from, and what it costs.

They come from the training split or from a file, never from the test split, which is for
judging the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from onnx import ModelProto

from archspec.backends.binding import bind_sizes
from archspec.backends.fitted_step import FittedStep, unlearnt
from archspec.backends.onnx.effect import Batch, session
from archspec.frontend.train_schema import Data, TrainSpec
from archspec.ir.graph import Graph
from archspec.ir.types import shape_text
from archspec.training.data.archive import read_arrays
from archspec.training.data.dataset import Dataset, load_file
from archspec.training.data.source import as_tensor
from archspec.training.errors import TrainingError
from archspec.training.loop.objective import main_input
from archspec.training.record.evaluation import evaluate, scores_of

CALIBRATION = 512
"""The most examples that calibration looks at: more hardly widen the ranges."""

BATCH = 32
"""Examples per batch."""

SEED = 0
"""Which of more examples these are."""


def calibration_data(graph: Graph, data: Dataset) -> list[Batch]:
    """Returns examples of the training split in batches, preprocessed as for training."""
    (name,) = graph.inputs
    return _batches(_chosen({name: data.splits["train"].inputs.numpy()}))


def calibration_file(
    graph: Graph, path: Path, spec: Data | None = None, steps: Sequence[FittedStep] | None = None
) -> list[Batch]:
    """Returns examples of a file in batches.

    The file is one as for `archspec predict --data`, or has an array of examples for every
    input, by its name.

    Args:
        graph: The network.
        path: The file.
        spec: The spec's data section, by which an array `x` is read.
        steps: The preprocessing that such an array is given; that of the section if left out.

    Raises:
        UnreadableError: The file is not there, or holds no arrays.
        TrainingError: The arrays are not examples that the network takes.
    """
    arrays = read_arrays(path)
    if graph.inputs.keys() <= arrays.keys() and not ("x" in arrays and len(graph.inputs) == 1):
        given = {name: _array(path, name, arrays[name], graph) for name in graph.inputs}
    else:
        given = _only_input(graph, path, arrays, spec, steps)
    try:
        bind_sizes(graph.inputs, graph.equalities, {n: a.shape for n, a in given.items()})
    except ValueError as error:
        shown = ", ".join(f"{name}: {shape_text(array.shape[1:])}" for name, array in given.items())
        taken = ", ".join(f"{name}: {value.type}" for name, value in graph.inputs.items())
        raise TrainingError(
            f"{path} gives examples of {shown}, but the network takes {taken}", str(error)
        ) from error
    return _batches(_chosen(given))


def results(graph: Graph, spec: TrainSpec, data: Dataset, model: ModelProto) -> Mapping[str, float]:
    """Returns loss and metrics of a model on the test split, as those of training.

    Args:
        graph: The network.
        spec: The `train` section, which says what is measured.
        data: The data, with at least one example in the test split.
        model: The network's model, with the same inputs and outputs.
    """
    (name,), main = graph.inputs, next(iter(graph.outputs))
    running = session(model)

    def outputs(inputs: torch.Tensor) -> torch.Tensor:
        made = [running.run([main], {name: part.numpy()})[0] for part in torch.split(inputs, BATCH)]
        return scores_of(graph, spec.loss.name, torch.from_numpy(np.concatenate(made)))

    return evaluate(outputs, graph, spec, data, data.splits["test"]).metrics


def _array(path: Path, name: str, array: np.ndarray, graph: Graph) -> np.ndarray:
    if array.dtype.kind not in "biuf":
        raise TrainingError(f"{name} in {path} holds {array.dtype}, not numbers")
    return as_tensor(path.stem, array, graph.inputs[name].type.dtype).numpy()


def _only_input(
    graph: Graph,
    path: Path,
    arrays: Mapping[str, np.ndarray],
    spec: Data | None,
    steps: Sequence[FittedStep] | None,
) -> dict[str, np.ndarray]:
    if len(graph.inputs) > 1:
        raise TrainingError(
            f"{path} holds {', '.join(arrays) or 'nothing'}, but the network takes "
            f"{', '.join(graph.inputs)}",
            "write it with np.savez(FILE, NAME=…), an array of examples for each input",
        )
    spec = spec or Data(npz=str(path))
    known = unlearnt(spec.preprocess) if steps is None else steps
    data = load_file(path, spec, main_input(graph).type, 1, arrays, steps=known)
    return {next(iter(graph.inputs)): data.splits["file"].inputs.numpy()}


def _chosen(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns `CALIBRATION` of the examples, for what comes first may be all of one class."""
    count = len(next(iter(arrays.values())))
    which = np.random.default_rng(SEED).permutation(count)[:CALIBRATION]
    return {name: array[which] for name, array in arrays.items()}


def _batches(arrays: Mapping[str, np.ndarray]) -> list[Batch]:
    count = len(next(iter(arrays.values())))
    return [
        {name: array[start : start + BATCH] for name, array in arrays.items()}
        for start in range(0, count, BATCH)
    ]
