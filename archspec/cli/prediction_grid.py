"""The grid of images that `archspec predict --grid` draws."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from PIL import Image

from archspec.cli.common import NO, USAGE, CommandError, note
from archspec.cli.prediction_rows import ClassRows, LabelRows
from archspec.cli.predictions import Report
from archspec.training.data.source import UNKNOWN
from archspec.training.prediction.fonts import lacking
from archspec.training.prediction.given import Given
from archspec.training.prediction.outcomes import Numbers
from archspec.training.prediction.picture_grid import Cell, write_grid

PICTURED = 16
"""How many examples a grid shows, as in the lecture notes."""


def require_grid(args: argparse.Namespace, given: Given) -> None:
    """Checks that there is something to draw.

    Raises:
        CommandError: There is nothing.
    """
    if args.limit == 0:
        raise CommandError(
            "--limit 0 leaves no image for --grid",
            exit_code=USAGE,
            help="leave out --limit, or give the number of images",
        )
    if not given.pictured:
        raise CommandError("--grid shows images, but the examples are none", exit_code=NO)


def draw_grid(args: argparse.Namespace, report: Report) -> int:
    """Draws the first examples with what was predicted, and returns how many these are.

    Raises:
        OSError: The file cannot be written.
    """
    places = report.places[: PICTURED if args.limit is None else args.limit]
    labels = _drawable(report, places)
    pictures = report.given.pictures(places)
    write_grid(
        args.grid,
        [_cell(report, at, picture, labels)
         for at, picture in zip(places, pictures, strict=True)],
    )  # fmt: skip
    return len(places)


def _drawable(report: Report, places: Sequence[int]) -> Sequence[str]:
    """Returns the names of the classes, numbers in place of those that no font can write."""
    rows = report.rows
    if isinstance(rows, ClassRows):
        shown = {text for at in places for text in (rows.ranks(at)[0][0], rows.truth(at) or "")}
    elif isinstance(rows, LabelRows):
        shown = {text for at in places for text in (*rows.said(at), *(rows.truth(at) or ()))}
    else:
        return ()
    missing = lacking("".join(shown))
    if not missing:
        return report.labels
    note(
        f"note: no font here has the letters {missing[:20]}, so the grid has numbers of classes; "
        "install one (apt install fonts-nanum for Korean, or fonts-noto-cjk)"
    )
    return [
        f"class {number}" if {*missing} & {*label} else label
        for number, label in enumerate(report.labels)
    ]


def _cell(report: Report, at: int, picture: Image.Image, labels: Sequence[str]) -> Cell:
    rows = report.rows
    if isinstance(rows, ClassRows):
        (number, likely), *_ = rows.numbered(at)
        truth = int(report.given.truths[at])
        best = (labels[number], f" ({likely:.0%})")
        if truth == UNKNOWN:
            return Cell(picture, [best], None)
        return Cell(picture, [best, f"true: {labels[truth]}"], number == truth)
    if isinstance(rows, LabelRows):
        drawn = dict(zip(report.labels, labels, strict=True))
        there, true = rows.said(at), rows.truth(at)
        said = ", ".join(drawn[label] for label in there) or "none"
        if true is None:
            return Cell(picture, [said], None)
        told = ", ".join(drawn[label] for label in true) or "none"
        return Cell(picture, [said, f"true: {told}"], there == true)
    assert isinstance(report.outcome, Numbers)  # noqa: S101 - of the rest nothing is drawn
    return Cell(picture, [", ".join(f"{v:.4g}" for v in report.outcome.values[at])], None)
