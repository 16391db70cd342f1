"""What a model's main output is: classes, labels, numbers, images, or arrays; and what suits it."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import USAGE, CommandError

if TYPE_CHECKING:
    from archspec.ir.types import TensorType
    from archspec.training.prediction.subject import Subject

KINDS = ("classes", "labels", "numbers", "images", "arrays")

NUMBERS = 16
"""The most numbers of an example that are printed without being asked for."""

ARCHIVE = ".npz"
INTO_FILE = "-o FILE.npz writes all outputs"


def kind_of(subject: Subject, args: argparse.Namespace) -> str:
    """Returns what the main output is: what the arguments say, or what its shape and file tell.

    Raises:
        CommandError: It cannot be that, or the other arguments do not go with it.
    """
    name, output = next(iter(subject.graph.outputs.items()))
    kind = args.kind or _likely(subject, output.type, args.output)
    faults = [
        *_faults_of_kind(subject, f"the output {name}, {output.type},", output.type, kind),
        *_faults_of_files(args, f"the output {name}, {output.type},", kind),
        *_faults_of_weights(subject, args),
    ]
    for message, help_ in faults:
        raise CommandError(message, exit_code=USAGE, help=help_)
    return kind


def _likely(subject: Subject, type_: TensorType, output: Path | None) -> str:
    if subject.classes and _is_real(type_):
        return "classes"
    if subject.yes_or_no and _is_real(type_):
        return "labels"
    if _is_image(type_) and not _is_archive(output):
        return "images"
    return "numbers" if _count(type_) <= NUMBERS and not _is_image(type_) else "arrays"


def _faults_of_kind(
    subject: Subject, what: str, type_: TensorType, kind: str
) -> Iterator[tuple[str, str]]:
    if kind == "classes" and not (subject.classes and _is_real(type_)):
        yield f"{what} is no score for each class", ""
    if kind == "labels" and not (subject.yes_or_no and _is_real(type_)):
        yield f"{what} was not trained to say yes or no to each of several labels", ""
    if kind == "numbers" and not math.isfinite(_count(type_)):
        yield f"{what} is not a fixed count of numbers", INTO_FILE
    if kind == "images" and not _is_image(type_):
        yield f"{what} is no image of 1 or 3 channels", INTO_FILE


def _faults_of_files(args: argparse.Namespace, what: str, kind: str) -> Iterator[tuple[str, str]]:
    if kind == "images" and (args.output is None or _is_archive(args.output)):
        yield f"{what} is an image, which goes into a directory", f"name it: -o DIR; {INTO_FILE}"
    elif kind == "images" and args.output.exists() and not args.output.is_dir():
        yield (
            f"{args.output} is a file, but images go into a directory",
            f"name one: -o DIR; {INTO_FILE}",
        )
    if kind == "arrays" and args.output is None:
        yield f"{what} is more than can be printed", INTO_FILE
    if kind != "images" and args.output is not None and not _is_archive(args.output):
        printed = f"`--format csv > {args.output}` for predictions; "
        yield (
            f"{args.output} is not an {ARCHIVE} file, and {what} no image",
            printed * (args.output.suffix == ".csv") + INTO_FILE,
        )
    if kind != "classes" and args.top > 1:
        yield f"--top is for classes, but {what} is none", ""
    if args.grid is None:
        return
    if kind not in ("classes", "labels", "numbers"):
        yield f"--grid is for classes, labels and numbers, but {what} is none of them", ""
    from PIL import Image

    from archspec.training.prediction.picture_files import STRANGE

    kind_of_file = Image.registered_extensions().get(args.grid.suffix.lower())
    if kind_of_file in STRANGE or kind_of_file not in Image.SAVE:
        yield f"{args.grid} is not the name of an image file", "such as --grid FILE.png"


def _faults_of_weights(subject: Subject, args: argparse.Namespace) -> Iterator[tuple[str, str]]:
    if args.weights and subject.compiled is None:
        yield "the model carries no spec, so there is no network to compare it with", ""
    if args.weights and subject.embedded:
        yield (
            "the model does its preprocessing itself, which its network does not",
            "compare one that was exported without --embed-preprocessing",
        )


def _is_real(type_: TensorType) -> bool:
    return type_.dtype.startswith("float")


def _is_image(type_: TensorType) -> bool:
    return len(type_.example) == 3 and type_.example[0] in (1, 3)


def _is_archive(path: Path | None) -> bool:
    return path is not None and path.suffix.lower() == ARCHIVE


def _count(type_: TensorType) -> float:
    """Returns how many numbers an example has, infinitely many if that is not fixed."""
    return math.prod(size if isinstance(size, int) else math.inf for size in type_.example)
