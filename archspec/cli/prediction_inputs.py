"""What `archspec predict` runs a model on: pictures, arrays, stdin, or the spec's own data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from archspec.cli.common import USAGE, CommandError, note
from archspec.cli.extras import needs
from archspec.ir.types import shape_text
from archspec.training.data.source import UNKNOWN
from archspec.training.data.sources.table_file import is_table
from archspec.training.prediction.given import Given, GivenPictures, truths_of_folders
from archspec.training.prediction.picture_colours import WHITE
from archspec.training.prediction.picture_files import PictureFile, picture_files
from archspec.training.prediction.subject import Subject

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


def inputs_for(subject: Subject, inputs: Sequence[str], split: str, kind: str) -> Inputs:
    """Returns the examples that the arguments name.

    Args:
        subject: The model, and what is known of it.
        inputs: The INPUT arguments; without any, the spec's data are taken.
        split: The part of the spec's data.
        kind: What the main output is; there may be true classes, labels and numbers.

    Raises:
        CommandError: There are none, or arrays and pictures at once, or PyTorch is not installed,
            which arrays need.
        TrainingError: They cannot be read, or are not what the model takes.
    """
    if not inputs:
        with needs("train"):
            from archspec.cli.prediction_arrays import spec_data
        return spec_data(subject, split, kind)
    content = sys.stdin.buffer.read() if STDIN in inputs else b""
    if STDIN in inputs and not content:
        raise CommandError("nothing came from stdin", exit_code=USAGE)
    arrays = [name for name in inputs if _holds_arrays(name, content) or is_table(Path(name))]
    if arrays and len(inputs) > 1:
        what = "is a table" if is_table(Path(arrays[0])) else "holds arrays"
        raise CommandError(
            f"{arrays[0]} {what}, which {'is' if what == 'is a table' else 'are'} taken alone",
            exit_code=USAGE,
            help="give one table or file of arrays, or images and directories of images",
        )
    if not arrays:
        return _pictures(subject, inputs, content)
    path = Path("stdin") if inputs[0] == STDIN else Path(inputs[0])
    with needs("torch"):
        from archspec.cli.prediction_arrays import arrays_of, rows_of
    return (
        rows_of(subject, path, kind)
        if is_table(path)
        else arrays_of(subject, path, content or None, kind)
    )


def _holds_arrays(name: str, content: bytes) -> bool:
    if name == STDIN:
        return content.startswith(SIGNATURES)
    return Path(name).suffix.lower() in ARRAYS


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
