"""`archspec compare`: runs side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import ENVIRONMENT, OK, USAGE, CommandError, note, output_file
from archspec.cli.extras import needs
from archspec.diagnostics.counted import counted

if TYPE_CHECKING:
    from archspec.training.record.runs_compared import Compared

SUFFIXES = (".html", ".png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="+",
        type=output_file,
        help="the directory of a run, finished or not, or of a cross-validation",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_file,
        help="a page (.html) with learning curves and gradient norms, or the curves alone (.png)",
    )
    parser.add_argument(
        "--format",
        choices=("table", "json", "csv"),
        default="table",
        help="for people or for programs (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Prints the runs side by side, and writes the page if it is asked for."""
    if args.output and args.output.suffix.lower() not in SUFFIXES:
        raise CommandError(
            f"cannot tell what to write from `{args.output.name}`",
            exit_code=USAGE,
            help="end it in .html for a page, or in .png for the learning curves",
        )
    with needs("train"):
        from archspec.cli.run_faults import run_faults
        from archspec.cli.runs_printed import print_csv, print_json, print_table
        from archspec.training.record.compare_page import unfinished
        from archspec.training.record.run_record import read_run
        from archspec.training.record.runs_compared import side_by_side
    with run_faults():
        compared = side_by_side([read_run(path) for path in args.runs])
        content = _content(compared, args.output) if args.output else b""
    for said in (*unfinished(compared), *compared.unmarked()):
        note(f"note: {said}")
    if args.output:
        _write(args.output, content)
    {"json": print_json, "csv": print_csv, "table": print_table}[args.format](compared)
    if args.output:
        note(f"{args.output}: {counted(len(args.runs), 'run', 'runs')}")
    return OK


def _content(compared: Compared, path: Path) -> bytes:
    from archspec.training.record.compare_page import compare_page

    if path.suffix.lower() == ".html":
        return compare_page(compared)
    curves = compared.curves()
    if curves is None:
        raise CommandError("none of the runs has finished an epoch, so there are no curves")
    return curves[0]


def _write(path: Path, content: bytes) -> None:
    from archspec.backends.whole_file import write_whole

    try:
        write_whole(path, content)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error
