"""`archspec data`: look at what a spec's network is trained on."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import (
    ENVIRONMENT,
    OK,
    USAGE,
    CommandError,
    add_spec_arguments,
    compile_from,
    note,
    output_file,
)
from archspec.cli.extras import needs
from archspec.cli.run_faults import run_faults
from archspec.diagnostics.counted import counted
from archspec.frontend import Compiled

if TYPE_CHECKING:
    from archspec.frontend.train_schema import Augment, TrainSpec
    from archspec.training.data.dataset import Dataset

SPLITS = ("train", "validation", "test")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    add_spec_arguments(parser)
    parser.add_argument(
        "--grid",
        metavar="FILE",
        type=_picture,
        help="write a grid of examples; a .png, .jpg or .webp file",
    )
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default="train",
        help="the split that the grid is of (default: %(default)s)",
    )
    parser.add_argument(
        "--augmented",
        action="store_true",
        help="let the grid be of training examples, each with several augmented ones beside it "
        "(default FILE: NAME-augmented.png)",
    )
    parser.add_argument(
        "--save",
        metavar="DIR",
        type=output_file,
        help="write every training image augmented, in one directory for each class",
    )
    parser.add_argument(
        "--times",
        metavar="N",
        type=_times,
        default=1,
        help="how often --save augments each image (default: %(default)s)",
    )
    parser.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="for people or for programs (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Loads the data, says what they hold, and writes the pictures that are asked for."""
    compiled = compile_from(args)
    if compiled.train is None:
        raise CommandError(
            f"{compiled.graph.name} has no `train` section, which says what to train on",
            exit_code=USAGE,
            help="add one: train: {data: {dataset: digits}, epochs: 10}",
        )
    augment = _augment(args, compiled.train)
    with needs("train"):
        import torch
    with run_faults(compiled), torch.random.fork_rng():
        torch.manual_seed(compiled.train.seed)
        data = _summarised(args, compiled, compiled.train)
        _write(args, compiled, data, augment)
    return OK


def _picture(text: str) -> Path:
    path = output_file(text)
    if path.suffix.lower() in SUFFIXES:
        return path
    raise argparse.ArgumentTypeError(f"takes a file such as grid.png, not `{text}`")


def _times(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 1000:
        return int(text)
    raise argparse.ArgumentTypeError(f"takes a whole number from 1 to 1000, not `{text}`")


def _augment(args: argparse.Namespace, spec: TrainSpec) -> Augment | None:
    if spec.data.augment is None and (args.augmented or args.save):
        raise CommandError(
            "the spec has no `augment`, which says how images are augmented",
            exit_code=USAGE,
            help="add it to train.data: augment: {horizontal_flip: true, rotation_range: 10}",
        )
    return spec.data.augment


def _summarised(args: argparse.Namespace, compiled: Compiled, spec: TrainSpec) -> Dataset:
    """Returns the data, having said what they hold."""
    from archspec.cli.data_printed import json_of, lines_of, lines_of_columns, warnings_of
    from archspec.training.data.column_summary import columns_of_file, columns_of_source
    from archspec.training.data.data_summary import summarise
    from archspec.training.data.dataset import prepared
    from archspec.training.data.sources import source_of
    from archspec.training.errors import TrainingError
    from archspec.training.loop.agreement import check_agreement
    from archspec.training.loop.objective import main_input

    columns = columns_of_file(spec.data)
    if columns and args.format == "table":  # also of a table that cannot be trained on
        print("\n".join([*lines_of_columns(columns), ""]), flush=True)
    source = source_of(spec.data, main_input(compiled.graph).type)
    data = prepared(source, spec.data, fold=0 if spec.data.split.folds else None)
    summary, named = summarise(source, data), columns or columns_of_source(source)
    if args.format == "json":
        print(json.dumps(json_of(summary, named), indent=1, ensure_ascii=False))
    else:
        lines = [] if columns or not named else ["", *lines_of_columns(named)]
        print("\n".join([*lines_of(summary, spec.data.split.folds), *lines]))
    sys.stdout.flush()
    for warning in warnings_of(summary):
        note(f"warning: {warning}")
    try:
        check_agreement(compiled.graph, data, spec.loss.name)
    except TrainingError as error:
        note(f"warning: {error.message}{f'; {error.help}' if error.help else ''}")
    return data


def _write(
    args: argparse.Namespace, compiled: Compiled, data: Dataset, augment: Augment | None
) -> None:
    from archspec.training.data.samples import (
        TIMES,
        augmented_cells,
        sample_cells,
        save_augmented,
    )
    from archspec.training.prediction.picture_grid import write_grid

    say = note if args.format == "json" else print
    labels = _labels(compiled, data)
    if augment and args.augmented:
        path = args.grid or Path(f"{compiled.graph.stem}-augmented.png")
        with _written(path):
            write_grid(path, augmented_cells(data, augment, labels), TIMES + 1)
        say(f"{path}: training examples, and {TIMES} augmented ones beside each")
    elif args.grid:
        made = sample_cells(data, args.split, labels)
        with _written(args.grid):
            write_grid(args.grid, made)
        say(f"{args.grid}: {counted(len(made), 'example', 'examples')} of {args.split}")
    if augment and args.save:
        with _written(args.save):
            number = save_augmented(args.save, data, augment, args.times)
        say(f"{args.save}: {counted(number, 'augmented image', 'augmented images')}")


def _labels(compiled: Compiled, data: Dataset) -> Sequence[str]:
    """Returns the names of the labels, if examples may have several."""
    from archspec.training.data.labels import label_names
    from archspec.training.loop.objective import main_output
    from archspec.training.loop.task import task_of

    spec, targets = compiled.train, data.splits["train"].targets
    if spec is None or targets.ndim != 2:
        return ()
    task = task_of(spec, data, main_output(compiled.graph).type.example)
    return label_names(spec.data, targets.shape[1]) if task.kind == "multilabel" else ()


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error
