"""Examples that are arrays: of a file, a table or stdin, or of the data that a spec names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

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
from archspec.training.loop.objective import main_input, main_output
from archspec.training.prediction.given import GivenArrays
from archspec.training.prediction.subject import Subject
from archspec.training.preprocessing import apply

if TYPE_CHECKING:
    import torch


def spec_data(subject: Subject, split: str, kind: str) -> Inputs:
    """Returns a part of the data that the model's spec names.

    Args:
        subject: The model, and what is known of it.
        split: The part.
        kind: What the main output is; there may be true classes, labels and numbers.

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
    return _of_dataset(subject, dataset, split, kind)


def arrays_of(subject: Subject, path: Path, content: bytes | None, kind: str) -> Inputs:
    """Returns the examples in a file of arrays.

    Args:
        subject: The model, and what is known of it.
        path: The file.
        content: What is in it, if that has been read.
        kind: What the main output is; there may be true classes, labels and numbers.

    Raises:
        TrainingError: They cannot be read, or are not what the model takes.
    """
    arrays = read_arrays(path, content)
    told = kind == "classes" or (_valued(subject, kind) and bool({"y", *HALVES} & {*arrays}))
    if len(subject.graph.inputs) > 1 or not told:
        return _raw(subject, path, arrays)
    if not {*HALVES} & {*arrays}:
        name = _array_name(subject, path, arrays)
        _require_examples(path, name, arrays[name])
        arrays["x"] = arrays.pop(name)
    return _of_file(subject, path, kind, arrays)


def rows_of(subject: Subject, path: Path, kind: str) -> Inputs:
    """Returns the examples in a table.

    Args:
        subject: The model, and what is known of it.
        path: The table.
        kind: What the main output is; there may be true classes and numbers.

    Raises:
        CommandError: The model takes several inputs at once.
        TrainingError: They cannot be read, or are not what the model takes.
    """
    if len(subject.graph.inputs) > 1:
        raise CommandError(
            f"the model takes {' and '.join(subject.graph.inputs)} at once, and a table does not "
            "say which is which",
            exit_code=USAGE,
            help="give one .npz file with an array for each input",
        )
    return _of_file(subject, path, kind, None)


def _of_file(
    subject: Subject, path: Path, kind: str, arrays: dict[str, np.ndarray] | None
) -> Inputs:
    with needs("train"):
        dataset = load_file(
            path,
            _read_as(subject, path, kind),
            main_input(subject.graph).type,
            subject.classes or 1,
            arrays,
            steps=_steps(subject),
            features=subject.features,
        )
    return _of_dataset(subject, dataset, "file", kind)


def _read_as(subject: Subject, path: Path, kind: str) -> Data:
    """Returns how a file is read: as the spec says, but by the names that the model has."""
    data = subject.data or Data(npz=str(path))
    if kind != "classes":
        unasked = subject.features is not None and not _valued(subject, kind)
        known = {"table": None} if unasked else {}  # so that its target is not looked at
        values = {"targets": "values", "one_hot": False, "classes": None}
        return data.model_copy(update=values | known)
    if subject.labels and subject.names == subject.labels:
        return data.model_copy(update={"classes": [*subject.labels], "targets": None})
    return data


def _valued(subject: Subject, kind: str) -> bool:
    """Returns whether true values, or labels, can stand beside what a model says."""
    wanted = subject.compiled is None or subject.classes is None
    return kind in ("labels", "numbers") and wanted


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


def _of_dataset(subject: Subject, data: Dataset, split: str, kind: str) -> Inputs:
    examples = data.splits[split]
    if not examples.number:
        raise CommandError(
            f"the spec keeps no examples for {split}", exit_code=USAGE, help="use --split test"
        )
    inputs = subject.laid_out(examples.inputs)
    laid_out = examples._replace(held=inputs)
    judged = data._replace(splits={split: laid_out})
    if examples.labelled:
        loss = subject.loss or ("cross_entropy" if kind == "classes" else "mse")
        check_agreement(subject.graph, judged, loss)
    elif kind == "classes":  # whose numbers are not known, so that no other loss takes them
        single = main_output(subject.graph).type.example == (1,)
        check_agreement(
            subject.graph, judged, "binary_cross_entropy" if single else "cross_entropy"
        )
    labels = subject.labels if subject.labels == subject.names else data.classes
    targets = examples.targets.numpy()
    truths = class_numbers(targets, data.classes)
    valued = examples.targets.is_floating_point() and _valued(subject, kind)
    given = GivenArrays(
        data.name,
        examples.indices,
        {next(iter(subject.graph.inputs)): inputs.numpy()},
        np.full(examples.number, UNKNOWN) if truths is None else truths,
        targets if valued else None,
        examples.given,
    )
    return Inputs(given, labels or data.classes or subject.names, split)


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
    before = {
        key: _array(subject, path, name, arrays[name], value.type)
        for name, (key, value) in zip(wanted, inputs.items(), strict=True)
    }
    made = {
        key: subject.laid_out(apply(tensor, _steps(subject))).numpy()
        for key, tensor in before.items()
    }
    counts = {len(array) for array in made.values()}
    if len(counts) > 1:
        told = ", ".join(f"{len(array):,} of {name}" for name, array in made.items())
        raise TrainingError(f"{path} has different numbers of examples: {told}")
    number = counts.pop()
    first = next(iter(before.values())).numpy()
    given = GivenArrays(
        path.stem,
        np.arange(number),
        made,
        np.full(number, UNKNOWN),
        before=lambda places: first[[*places]],
    )
    return Inputs(given, subject.names, "file")


def _array(
    subject: Subject, path: Path, name: str, array: np.ndarray, taken: TensorType
) -> torch.Tensor:
    """Returns an array of examples before preprocessing, channels first."""
    _require_examples(path, name, array)
    channels_last = bool(subject.data and subject.data.channels_last)
    if array.ndim == len(taken.shape) - 1:
        array = array[:, np.newaxis]
    elif channels_last and array.ndim > 2:
        array = np.moveaxis(array, -1, 1)
    return as_tensor(_told(path, name), array, taken.dtype)
