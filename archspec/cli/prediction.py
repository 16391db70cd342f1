"""One run of `archspec predict`, from the arguments to what is to be printed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from archspec.backends.onnx_model import OnnxModel
from archspec.backends.weights import load_weights
from archspec.cli.common import ENVIRONMENT, NO, CommandError, note
from archspec.cli.extras import needs
from archspec.cli.prediction_inputs import Inputs, inputs_for
from archspec.cli.prediction_kind import kind_of
from archspec.cli.predictions import Report
from archspec.frontend import Compiled
from archspec.training.comparison import Comparison
from archspec.training.outcomes import Archive, Classes, Numbers, Outcome, run
from archspec.training.picture_grid import Cell, write_grid
from archspec.training.picture_output import PictureOutput
from archspec.training.subject import Subject, subject_of

PICTURED = 16
"""How many examples a grid shows, as in the lecture notes."""


class Outcomes(NamedTuple):
    """What becomes of the outputs.

    Attributes:
        printed: What is printed.
        images: The images that are written.
        archive: The arrays that are written.
        comparison: The network beside the model.
    """

    printed: Classes | Numbers | None
    images: PictureOutput | None
    archive: Archive | None
    comparison: Comparison | None

    @property
    def wanted(self) -> list[Outcome]:
        """Those that there are."""
        return [outcome for outcome in self if outcome is not None]


def predict(args: argparse.Namespace, model: OnnxModel, compiled: Compiled | None) -> Report:
    """Runs a model as the arguments say, and returns what is to be printed.

    Raises:
        CommandError: The arguments do not go together, or a file cannot be written.
        Refusal: Model, examples or weights are not what they should be.
    """
    with needs("train"):  # for the names of a shipped data set's classes
        subject = subject_of(model, compiled, args.model.stem)
    kind = kind_of(subject, args)
    inputs = inputs_for(subject, args.inputs, args.split, classes=kind == "classes")
    if args.grid and inputs.given.picture(0) is None:
        raise CommandError("--grid shows images, but the examples are none", exit_code=NO)
    outcomes = _outcomes(args, subject, kind, inputs)
    report = Report(
        model=args.model,
        provider=args.provider,
        given=inputs.given,
        split=inputs.split,
        labels=inputs.labels,
        top=args.top,
        outcome=outcomes.printed,
        comparison=outcomes.comparison,
        written={},
    )
    bar = tqdm(total=report.number, unit=" examples", leave=False, disable=None)
    with bar, _writing(args.output):
        run(model, subject.graph, inputs.given, args.batch_size, outcomes.wanted, bar.update)
    _finish(args, report, outcomes)
    return report


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Tells what cannot be written by the name that the user gave it.

    Raises:
        CommandError: A file cannot be written.
    """
    try:
        yield
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error


def _outcomes(args: argparse.Namespace, subject: Subject, kind: str, inputs: Inputs) -> Outcomes:
    graph, given = subject.graph, inputs.given
    printed: Classes | Numbers | None = None
    if kind == "classes":
        printed = Classes(graph, given, len(inputs.labels), args.top)
    elif kind == "numbers":
        printed = Numbers(graph, given)
    images = kind == "images"
    return Outcomes(
        printed,
        PictureOutput(graph, given, subject.preparation(), args.output) if images else None,
        Archive(graph, given) if args.output and not images else None,
        Comparison(args.weights, load_weights(args.weights), graph, given)
        if args.weights
        else None,
    )


def _finish(args: argparse.Namespace, report: Report, outcomes: Outcomes) -> None:
    """Writes the files that need all examples, and notes what has been written."""
    if outcomes.archive:
        with _writing(args.output):
            shapes = outcomes.archive.write(args.output)
        report.written[str(args.output)] = ", ".join(
            f"{name} {list(shape)}" for name, shape in shapes.items()
        )
    if outcomes.images:
        number = outcomes.images.written
        report.written[str(args.output)] = f"{number} image{'' if number == 1 else 's'}"
        if outcomes.images.cut:
            note(
                f"note: up to {outcomes.images.cut:.1%} of an image's values are below black or "
                "above white, and were cut off; -o FILE.npz keeps them"
            )
    if args.grid:
        number = min(report.number, PICTURED if args.limit is None else args.limit)
        _draw_grid(args.grid, report, max(1, number))


def _draw_grid(path: Path, report: Report, number: int) -> None:
    cells = [_cell(report, at) for at in range(number)]
    with _writing(path):
        missing = write_grid(path, cells)
    if missing:
        note(
            f"note: no font here has the letters {missing[:20]}; install one, such as NanumGothic "
            "(fonts-nanum)"
        )
    report.written[str(path)] = f"a grid of {number} image{'' if number == 1 else 's'}"


def _cell(report: Report, at: int) -> Cell:
    picture = report.given.picture(at)
    if picture is None:
        raise AssertionError("all examples are images if the first one is")
    if isinstance(report.outcome, Numbers):
        return Cell(picture, [", ".join(f"{v:.4g}" for v in report.outcome.values[at])], None)
    ((label, likely), *_), truth = report.ranks(at), report.truth(at)
    said = f"{label} {likely:.0%}"
    if truth is None:
        return Cell(picture, [said], None)
    return Cell(picture, [said, f"truth: {truth}"], label == truth)
