"""What `archspec predict` runs a model on: pictures, arrays, stdin, or the spec's own data."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from archspec.cli.common import USAGE, CommandError, note
from archspec.cli.extras import needs
from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType, shape_text
from archspec.training.agreement import check_agreement
from archspec.training.archive import read_arrays
from archspec.training.data import Dataset, load, load_file
from archspec.training.errors import TrainingError
from archspec.training.given import Given, GivenArrays, GivenPictures, truths_of_folders
from archspec.training.objective import main_input
from archspec.training.pictures import WHITE, PictureFile, picture_files
from archspec.training.preprocess import preprocess
from archspec.training.source import UNKNOWN, as_tensor
from archspec.training.subject import Subject

STDIN = "-"
ARRAYS = (".npz", ".npy")
SIGNATURES = (b"PK\x03\x04", b"\x93NUMPY")
"""How `.npz` and `.npy` files begin."""


class Inputs(NamedTuple):
    """Examples, and what is told of them.

    Attributes:
        given: The examples.
        labels: The names of the classes.
        split: The part of a data set that they are, if they are one.
    """

    given: Given
    labels: Sequence[str]
    split: str | None


def inputs_for(subject: Subject, inputs: Sequence[str], split: str, *, classes: bool) -> Inputs:
    """Returns the examples that the arguments name.

    Args:
        subject: The model, and what is known of it.
        inputs: The INPUT arguments; without any, the spec's data are taken.
        split: The part of the spec's data.
        classes: Whether the model tells classes, so that there may be true ones.

    Raises:
        CommandError: There are none, or arrays and pictures at once.
        TrainingError: They cannot be read, or are not what the model takes.
    """
    if not inputs:
        return _spec_data(subject, split)
    content = sys.stdin.buffer.read() if STDIN in inputs else b""
    if STDIN in inputs and not content:
        raise CommandError("nothing came from stdin", exit_code=USAGE)
    arrays = [name for name in inputs if _holds_arrays(name, content)]
    if arrays and len(inputs) > 1:
        raise CommandError(
            f"{arrays[0]} holds arrays, which are taken alone",
            exit_code=USAGE,
            help="give one file of arrays, or images and directories of images",
        )
    if not arrays:
        return _pictures(subject, inputs, content)
    path = Path("stdin") if inputs[0] == STDIN else Path(inputs[0])
    return _file(subject, path, read_arrays(path, content or None), classes=classes)


def _holds_arrays(name: str, content: bytes) -> bool:
    if name == STDIN:
        return content.startswith(SIGNATURES)
    return Path(name).suffix.lower() in ARRAYS


def _spec_data(subject: Subject, split: str) -> Inputs:
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
        dataset = load(_said(subject, data), main_input(subject.graph).type)
    return _of_dataset(subject, dataset, split)


def _file(subject: Subject, path: Path, arrays: dict[str, np.ndarray], *, classes: bool) -> Inputs:
    names = list(subject.graph.inputs)
    if len(names) == 1 and names[0] in arrays and "x" not in arrays:
        arrays["x"] = arrays.pop(names[0])
    if len(names) > 1 or not classes:
        return _raw(subject, path, arrays)
    data = subject.data or Data(npz=str(path))
    if subject.labels and subject.names == subject.labels:
        data = Data(npz=str(path), classes=[*subject.labels], channels_last=data.channels_last)
    with needs("train"):
        dataset = load_file(
            path, _said(subject, data), main_input(subject.graph).type, subject.classes or 1, arrays
        )
    return _of_dataset(subject, dataset, "file")


def _said(subject: Subject, data: Data) -> Data:
    """Returns the section with the preprocessing that the model's examples need."""
    return data.model_copy(update={"preprocess": [*(subject.steps or ())]})


def _of_dataset(subject: Subject, data: Dataset, split: str) -> Inputs:
    examples = data.splits[split]
    if not examples.number:
        raise CommandError(
            f"the spec keeps no examples for {split}", exit_code=USAGE, help="use --split test"
        )
    inputs = _laid_out(subject, examples.inputs)
    laid_out = examples._replace(inputs=inputs)
    check_agreement(subject.graph, data._replace(splits={split: laid_out}))
    labels = subject.labels if subject.labels == subject.names else data.classes
    given = GivenArrays(
        data.name,
        examples.indices,
        {next(iter(subject.graph.inputs)): inputs.numpy()},
        examples.targets.numpy(),
    )
    return Inputs(given, labels or data.classes, split)


def _raw(subject: Subject, path: Path, arrays: Mapping[str, np.ndarray]) -> Inputs:
    """Returns examples without classes: an array for each input, or `x` for the only one."""
    inputs = subject.graph.inputs
    wanted = ["x"] if len(inputs) == 1 else list(inputs)
    missing = [name for name in wanted if name not in arrays]
    if missing:
        held = ", ".join(arrays) or "nothing"
        raise TrainingError(
            f"{path} has no {' and no '.join(missing)}; it holds {held}",
            f"write it with np.savez(FILE, {', '.join(f'{name}=…' for name in inputs)})",
        )
    made = {
        key: _array(subject, f"{name} in {path.stem}", arrays[name], value.type)
        for name, (key, value) in zip(wanted, inputs.items(), strict=True)
    }
    counts = {len(array) for array in made.values()}
    if len(counts) > 1:
        told = ", ".join(f"{len(array):,} of {name}" for name, array in made.items())
        raise TrainingError(f"{path} has different numbers of examples: {told}")
    number = counts.pop()
    given = GivenArrays(path.stem, np.arange(number), made, np.full(number, UNKNOWN))
    return Inputs(given, subject.names, "file")


def _array(subject: Subject, name: str, array: np.ndarray, taken: TensorType) -> np.ndarray:
    if array.dtype.kind not in "biuf" or array.ndim == 0 or array.size == 0:
        raise TrainingError(f"{name} holds no examples made of numbers")
    channels_last = bool(subject.data and subject.data.channels_last)
    if array.ndim == len(taken.shape) - 1:
        array = array[:, np.newaxis]
    elif channels_last and array.ndim > 2:
        array = np.moveaxis(array, -1, 1)
    tensor = preprocess(as_tensor(name, array, taken.dtype), subject.steps or ())
    return _laid_out(subject, tensor).numpy()


def _laid_out(subject: Subject, examples: torch.Tensor) -> torch.Tensor:
    """Returns examples `[count, C, H, W]` as a model takes them that was made for cameras."""
    return examples.movedim(1, -1) if subject.embedded and subject.channels_last else examples


def _pictures(subject: Subject, inputs: Sequence[str], content: bytes) -> Inputs:
    graph = subject.graph
    if len(graph.inputs) > 1:
        raise CommandError(
            f"the model takes {' and '.join(graph.inputs)} at once, and images do not say which "
            "is which",
            exit_code=USAGE,
            help="give one .npz file with an array for each input",
        )
    preparation = subject.preparation()
    preparation.require_pictures()
    found: list[PictureFile] = []
    for name in inputs:
        if name == STDIN:
            found.append(PictureFile("stdin", content, "", Path("stdin")))
        else:
            found += picture_files(Path(name))
    labels = _labels(subject, found)
    truths = truths_of_folders(found, labels)
    if (truths == UNKNOWN).any() and all(file.folder for file in found):
        strange = next(file.folder for file in found if file.folder not in labels)
        note(f"note: {strange} is no class, so directories do not tell which class is the true one")
    _tell_how(subject)
    name = inputs[0] if len(inputs) == 1 and inputs[0] != STDIN else "images"
    given = GivenPictures(name, next(iter(graph.inputs)), found, preparation, truths)
    return Inputs(given, labels, None)


def _labels(subject: Subject, found: Sequence[PictureFile]) -> Sequence[str]:
    """Returns the names of the classes: those of the directories where nothing names them."""
    folders = sorted({file.folder for file in found})
    if subject.labels is None and all(folders) and len(folders) == subject.classes:
        note(f"note: the classes are taken to be {folders[0]} to {folders[-1]}, in this order")
        return folders
    return subject.names


def _tell_how(subject: Subject) -> None:
    preparation = subject.preparation()
    said = []
    if subject.steps is None:
        said.append("the model says nothing of preprocessing, so pixels go in as 0 to 255")
    elif preparation.white != WHITE:
        said.append(f"white is {preparation.white:g}, as in the data it was trained on")
    if preparation.size:
        said.append(f"images of other sizes are resized to {shape_text(preparation.size)}")
    if said:
        note(f"note: {'; '.join(said)}")
