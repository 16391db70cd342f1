"""Examples that are arrays: of a file, of stdin, or of the data that a model's spec names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from archspec.backends.fitted_step import FittedStep
from archspec.cli.common import USAGE, CommandError
from archspec.cli.extras import needs
from archspec.cli.prediction_inputs import Inputs
from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.archive import HALVES, read_arrays
from archspec.training.data.dataset import Dataset, load, load_file
from archspec.training.data.source import UNKNOWN, as_tensor
from archspec.training.data.targets import class_numbers
from archspec.training.errors import TrainingError
from archspec.training.loop.agreement import check_agreement
from archspec.training.loop.objective import main_input
from archspec.training.prediction.given import GivenArrays
from archspec.training.prediction.subject import Subject
from archspec.training.preprocessing import apply


def spec_data(subject: Subject, split: str) -> Inputs:
    """Returns a part of the data that the model's spec names.

    Args:
        subject: The model, and what is known of it.
        split: The part.

    Raises:
        CommandError: It names none, or none are in this part.
        TrainingError: They cannot be read, or are not what the model takes.
    """
    data = subject.data
    if data is None:
        lacks = "'s spec has no `train` section" if subject.compiled else " carries no spec"
        raise CommandError(
            f"the model{lacks}, so there are no data to run it on",
            exit_code=USAGE,
            help="name images, a directory of images or a file of arrays: "
            "archspec predict MODEL.onnx INPUT…",
        )
    with needs("train"):
        dataset = load(data, main_input(subject.graph).type, steps=_steps(subject))
    return _of_dataset(subject, dataset, split)


def arrays_of(subject: Subject, path: Path, content: bytes | None, *, classes: bool) -> Inputs:
    """Returns the examples in a file of arrays.

    Args:
        subject: The model, and what is known of it.
        path: The file.
        content: What is in it, if that has been read.
        classes: Whether the model tells classes, so that there may be true ones.

    Raises:
        TrainingError: They cannot be read, or are not what the model takes.
    """
    arrays = read_arrays(path, content)
    if len(subject.graph.inputs) > 1 or not classes:
        return _raw(subject, path, arrays)
    if not {*HALVES} & {*arrays}:
        name = _array_name(subject, path, arrays)
        _require_examples(path, name, arrays[name])
        arrays["x"] = arrays.pop(name)
    data = subject.data or Data(npz=str(path))
    if subject.labels and subject.names == subject.labels:
        data = Data(npz=str(path), classes=[*subject.labels], channels_last=data.channels_last)
    with needs("train"):
        dataset = load_file(
            path,
            data,
            main_input(subject.graph).type,
            subject.classes or 1,
            arrays,
            steps=_steps(subject),
        )
    return _of_dataset(subject, dataset, "file")


def _array_name(subject: Subject, path: Path, arrays: Mapping[str, np.ndarray]) -> str:
    """Returns what a file calls the examples of the only input: `x`, or as the input is called."""
    (input_name,) = subject.graph.inputs
    for name in ("x", input_name):
        if name in arrays:
            return name
    held = ", ".join(arrays) or "nothing"
    either = "x" if input_name == "x" else f"x or {input_name}"
    raise TrainingError(
        f"{path} has no array {either}; it holds {held}",
        "write it with np.savez(FILE, x=…), and y=… where the classes are known",
    )


def _require_examples(path: Path, name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "biuf" or array.ndim == 0 or array.size == 0:
        raise TrainingError(f"{_told(path, name)} holds no examples made of numbers")


def _told(path: Path, name: str) -> str:
    """Returns what a message calls an array; those in `.npy` files have no names."""
    return path.name if path.suffix.lower() == ".npy" else f"{name} in {path.name}"


def _steps(subject: Subject) -> Sequence[FittedStep]:
    return subject.steps or ()


def _of_dataset(subject: Subject, data: Dataset, split: str) -> Inputs:
    examples = data.splits[split]
    if not examples.number:
        raise CommandError(
            f"the spec keeps no examples for {split}", exit_code=USAGE, help="use --split test"
        )
    inputs = _laid_out(subject, examples.inputs)
    laid_out = examples._replace(held=inputs)
    train = subject.compiled.train if subject.compiled else None
    loss = train.loss.name if train else "cross_entropy"
    check_agreement(subject.graph, data._replace(splits={split: laid_out}), loss)
    labels = subject.labels if subject.labels == subject.names else data.classes
    truths = class_numbers(examples.targets.numpy(), data.classes)
    given = GivenArrays(
        data.name,
        examples.indices,
        {next(iter(subject.graph.inputs)): inputs.numpy()},
        np.full(examples.number, UNKNOWN) if truths is None else truths,
    )
    return Inputs(given, labels or data.classes, split)


def _raw(subject: Subject, path: Path, arrays: Mapping[str, np.ndarray]) -> Inputs:
    """Returns examples without classes: an array for each input, or `x` for the only one."""
    inputs = subject.graph.inputs
    wanted = [*inputs] if len(inputs) > 1 else [_array_name(subject, path, arrays)]
    missing = [name for name in wanted if name not in arrays]
    if missing:
        held = ", ".join(arrays) or "nothing"
        raise TrainingError(
            f"{path} has no {' and no '.join(missing)}; it holds {held}",
            f"write it with np.savez(FILE, {', '.join(f'{name}=…' for name in inputs)})",
        )
    made = {
        key: _array(subject, path, name, arrays[name], value.type)
        for name, (key, value) in zip(wanted, inputs.items(), strict=True)
    }
    counts = {len(array) for array in made.values()}
    if len(counts) > 1:
        told = ", ".join(f"{len(array):,} of {name}" for name, array in made.items())
        raise TrainingError(f"{path} has different numbers of examples: {told}")
    number = counts.pop()
    given = GivenArrays(path.stem, np.arange(number), made, np.full(number, UNKNOWN))
    return Inputs(given, subject.names, "file")


def _array(
    subject: Subject, path: Path, name: str, array: np.ndarray, taken: TensorType
) -> np.ndarray:
    _require_examples(path, name, array)
    channels_last = bool(subject.data and subject.data.channels_last)
    if array.ndim == len(taken.shape) - 1:
        array = array[:, np.newaxis]
    elif channels_last and array.ndim > 2:
        array = np.moveaxis(array, -1, 1)
    tensor = apply(as_tensor(_told(path, name), array, taken.dtype), _steps(subject))
    return _laid_out(subject, tensor).numpy()


def _laid_out(subject: Subject, examples: torch.Tensor) -> torch.Tensor:
    """Returns examples `[count, C, H, W]` as a model takes them that was made for cameras."""
    return examples.movedim(1, -1) if subject.embedded and subject.channels_last else examples
