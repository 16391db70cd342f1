"""`archspec evaluate`: judge a run, or an exported model, on a split of its data."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import (
    ENVIRONMENT,
    OK,
    USAGE,
    CommandError,
    add_spec_options,
    filled,
    note,
    output_file,
)
from archspec.cli.devices import add_device, add_provider
from archspec.cli.extras import needs

if TYPE_CHECKING:
    from archspec.cli.evaluated import Evaluated


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "subject",
        metavar="RUN|MODEL.onnx",
        type=output_file,
        help="the directory of a run, or an exported model",
    )
    parser.add_argument(
        "spec",
        metavar="SPEC",
        nargs="?",
        type=filled,
        help="the spec with its data (default: the one in the run, or in the model)",
    )
    parser.add_argument(
        "--split",
        metavar="SPLIT|FILE",
        type=filled,
        default="test",
        help="test, validation or train, or an .npz file or a table of examples (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="for people or for programs (default: %(default)s)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=output_file,
        help="a directory for the confusion matrix, or the residuals, and images with predictions",
    )
    add_device(parser, "run the network of a run")
    add_provider(parser)
    add_spec_options(parser)


def run(args: argparse.Namespace) -> int:
    """Evaluates, prints, and writes the pictures if they are asked for."""
    with needs("train"):
        from archspec.cli.evaluated import evaluated
        from archspec.cli.run_faults import run_faults
    with run_faults():
        result = evaluated(args)
        written = _write(args.output, result) if args.output else []
    if args.format == "json":
        _print_json(result)
    else:
        _print_table(result)
    for path in written:
        note(str(path))
    return OK


def _print_json(result: Evaluated) -> None:
    from archspec.cli.runs_printed import finite

    metrics = result.evaluation.metrics
    content = {
        "subject": str(result.subject),
        "dataset": result.dataset,
        "split": result.split,
        "examples": len(result.evaluation.targets),
        "metrics": {name: finite(value) for name, value in metrics.items()},
        "of": result.evaluation.of_what or None,
        "classes": [row._asdict() for row in result.classes],
    }
    print(json.dumps(content, indent=1, ensure_ascii=False))


def _print_table(result: Evaluated) -> None:
    from archspec.cli.runs_printed import print_rows
    from archspec.diagnostics.counted import counted
    from archspec.diagnostics.terminal import visible
    from archspec.training.record.measures import shown, title

    number = counted(len(result.evaluation.targets), "example", "examples")
    print(f"{visible(f'{result.dataset}, {result.split}')}: {number}\n")
    metrics = result.evaluation.metrics
    print_rows([[title(name), shown(name, value)] for name, value in metrics.items()], left=1)
    if result.evaluation.of_what:
        print(visible(result.evaluation.of_what))
    if result.classes:
        print()
        rows = [
            [visible(row.name), *(f"{share:.2%}" for share in row[1:4]), f"{row.support:,}"]
            for row in result.classes
        ]
        kind = "label" if result.evaluation.labelled else "class"
        print_rows([[kind, "precision", "recall", "F1", "support"], *rows], left=1)


def _write(directory: Path, result: Evaluated) -> list[Path]:
    """Writes all files or none, and returns their paths.

    Raises:
        CommandError: They cannot be written.
    """
    from archspec.backends.whole_file import write_all_whole

    if directory.exists() and not directory.is_dir():
        raise CommandError(
            f"{directory} is a file", exit_code=USAGE, help="give a directory: -o DIR"
        )
    drawn = result.drawn()
    for said in drawn.notes:
        note(f"note: {said}")
    if not drawn.files:
        note(f"note: nothing is written to {directory}: the examples are no images to show")
        return []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        write_all_whole({directory / name: [content] for name, content in drawn.files.items()})
    except OSError as error:
        message = f"cannot write {error.filename or directory}: {error.strerror or error}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error
    return [directory / name for name in drawn.files]
