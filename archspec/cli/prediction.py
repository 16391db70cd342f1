"""One run of `archspec predict`, from the arguments to what is to be printed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from tqdm import tqdm

from archspec.backends.onnx_model import OnnxModel
from archspec.cli.common import ENVIRONMENT, NO, CommandError, note
from archspec.cli.extras import needs
from archspec.cli.prediction_grid import draw_grid, require_grid
from archspec.cli.prediction_inputs import Inputs, inputs_for
from archspec.cli.prediction_kind import kind_of
from archspec.cli.predictions import Report
from archspec.diagnostics.counted import counted
from archspec.frontend import Compiled
from archspec.training.errors import UnreadableError
from archspec.training.prediction.given import Given, GivenPictures
from archspec.training.prediction.outcomes import (
    Archive,
    Classes,
    Numbers,
    Outcome,
    Skipped,
    YesOrNo,
    run,
)
from archspec.training.prediction.picture_output import PictureOutput
from archspec.training.prediction.subject import Subject, subject_of

if TYPE_CHECKING:
    from archspec.training.prediction.comparison import Comparison

DELAY = 0.5
"""After how many seconds a bar of progress is shown."""

TOLD = 10
"""How many of the files that were skipped are named on stderr."""


class Outcomes(NamedTuple):
    """What becomes of the outputs.

    Attributes:
        printed: What is printed.
        images: The images that are written.
        archive: The arrays that are written.
        comparison: The network beside the model.
    """

    printed: Classes | YesOrNo | Numbers | None
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
    for doubt in subject.doubts:
        note(f"note: {doubt}")
    kind = kind_of(subject, args)
    inputs = inputs_for(subject, args.inputs, args.split, kind)
    if args.grid:
        require_grid(args, inputs.given)
    _require_folders(args, kind)
    outcomes = _outcomes(args, subject, kind, inputs)
    # Only some steps of preprocessing need PyTorch.
    with _progress(inputs.given) as bar, writing(args.output), needs("torch"):
        skipped = run(
            model, subject.graph, inputs.given, args.batch_size, outcomes.wanted, bar.update
        )
    _tell(skipped, inputs.given)
    report = Report(
        model=args.model,
        provider=args.provider,
        given=inputs.given,
        split=inputs.split,
        labels=inputs.labels,
        top=args.top,
        outcome=outcomes.printed,
        comparison=outcomes.comparison,
        skipped=dict(sorted(skipped)),
        written={},
    )
    _finish(args, report, outcomes)
    return report


def _require_folders(args: argparse.Namespace, kind: str) -> None:
    """Checks that files can be where they are to be, which else came out after all the work."""
    for path in (args.grid, None if kind == "images" else args.output):
        if path and not path.absolute().parent.is_dir():
            raise CommandError(
                f"cannot write {path}: No such file or directory", exit_code=ENVIRONMENT
            )


def _progress(given: Given) -> tqdm[NoReturn]:
    """Returns a bar for terminals, shown where it takes longer, and gone at the end."""
    return tqdm(
        total=len(given.indices),
        bar_format="{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}, {remaining} left",
        delay=DELAY,
        leave=False,
        disable=None,
        dynamic_ncols=True,
    )


def _tell(skipped: Sequence[Skipped], given: Given) -> None:
    """Tells which files were left out, and of which only the beginning was taken.

    Raises:
        CommandError: All of several files were left out.
        TrainingError: The only one was.
        MismatchError: The model cannot run on it.
    """
    reasons = [why for _, why in sorted(skipped, key=lambda each: each.place)]
    number = len(given.indices)
    if len(reasons) == number == 1:
        raise reasons[0]
    for why in reasons[:TOLD]:
        note(f"skipped: {why.message}")
    if len(reasons) > TOLD:
        note(f"skipped: {len(reasons) - TOLD:,} more; --format json names all of them")
    if len(reasons) == number:
        unreadable = all(isinstance(why, UnreadableError) for why in reasons)
        raise CommandError(
            f"none of the {number:,} images could be used",
            exit_code=ENVIRONMENT if unreadable else NO,
            help=reasons[0].help,
        )
    if isinstance(given, GivenPictures) and given.animated:
        first, *others = sorted(given.animated)
        more = f" and {counted(len(others), 'other', 'others')}" if others else ""
        note(f"note: of {first}{more} the first picture is taken, of several in the file")


@contextmanager
def writing(path: Path) -> Iterator[None]:
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
    printed: Classes | YesOrNo | Numbers | None = None
    if kind == "classes":
        printed = Classes(graph, given, len(inputs.labels), args.top, apart=subject.apart)
    elif kind == "labels":
        printed = YesOrNo(graph, given, len(subject.names))
    elif kind == "numbers":
        printed = Numbers(graph, given)
    images = kind == "images"
    return Outcomes(
        printed,
        PictureOutput(graph, given, subject.preparation(), args.output) if images else None,
        Archive(graph, given) if args.output and not images else None,
        _comparison(args.weights, subject, given) if args.weights else None,
    )


def _comparison(weights: Path, subject: Subject, given: Given) -> Comparison:
    with needs("torch"):
        from archspec.backends.torch import memory_errors
        from archspec.backends.weights import load_weights
        from archspec.training.prediction.comparison import Comparison
    with memory_errors():
        return Comparison(weights, load_weights(weights), subject.graph, given)


def _finish(args: argparse.Namespace, report: Report, outcomes: Outcomes) -> None:
    """Writes the files that need all examples, and notes what has been written."""
    if outcomes.archive:
        with writing(args.output):
            shapes = outcomes.archive.write(args.output)
        report.written[str(args.output)] = ", ".join(
            f"{name} {list(shape)}" for name, shape in shapes.items()
        )
    if outcomes.images:
        number = outcomes.images.written
        report.written[str(args.output)] = counted(number, "image", "images")
        if outcomes.images.cut:
            note(
                f"note: up to {outcomes.images.cut:.1%} of an image's values are below black or "
                "above white, and were cut off; -o FILE.npz keeps them"
            )
    if args.grid:
        with writing(args.grid):
            number = draw_grid(args, report)
        report.written[str(args.grid)] = f"a grid of {counted(number, 'image', 'images')}"
