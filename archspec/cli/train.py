"""`archspec train`: train a spec's network on its data."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.cli.common import (
    ENVIRONMENT,
    OK,
    USAGE,
    CommandError,
    add_spec_options,
    compile_from,
    filled,
    note,
    output_file,
)
from archspec.cli.devices import add_device
from archspec.cli.extras import needs
from archspec.cli.run_faults import run_faults
from archspec.diagnostics.counted import counted
from archspec.diagnostics.terminal import visible
from archspec.frontend import Compiled
from archspec.frontend.shipped import shortest
from archspec.ir.totals import totals

if TYPE_CHECKING:
    from archspec.frontend.train_schema import TrainSpec
    from archspec.training.data.dataset import Dataset
    from archspec.training.loop.starting import Start
    from archspec.training.run import Run

INTERRUPTED = 130

LISTED = 4
"""How many names a note lists."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "spec",
        metavar="SPEC",
        type=filled,
        nargs="?",
        help="a spec file, or the name of a shipped spec",
    )
    add_spec_options(parser)
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=output_file,
        help="the run directory, new or empty (default: runs/NAME/TIME)",
    )
    target.add_argument(
        "--resume",
        metavar="RUN",
        type=output_file,
        help="go on with the run in this directory, by its own spec",
    )
    parser.add_argument(
        "--weights",
        metavar="RUN|FILE",
        type=filled,
        help="start from these weights, as train.weights.file says: a run directory, a checkpoint "
        "or a .safetensors file",
    )
    add_device(parser, "train")
    parser.add_argument(
        "--devices",
        metavar="N",
        type=_number,
        default=1,
        help="on how many of them, each with an equal part of every batch (default: %(default)s)",
    )


def _number(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 1024:
        return int(text)
    raise argparse.ArgumentTypeError(f"takes a whole number from 1 to 1024, not `{text}`")


def run(args: argparse.Namespace) -> int:
    """Trains, tests, and says where the results are."""
    compiled, spec = _compiled(args)
    # Threads that spin while they wait for each other are many times slower on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with needs("train"):
        from archspec.training.errors import InterruptedRunError
        from archspec.training.loop.trainer import is_main_process
    if not is_main_process():  # it says what the main one says
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    try:
        with run_faults(compiled):
            made = _trained(args, compiled, spec)
    except InterruptedRunError as error:
        note(error.message)
        if error.help:
            note(f"   = help: {error.help}")
        return INTERRUPTED
    except OSError as error:
        place = error.filename or args.output or args.resume or "the run directory"
        message = f"cannot write {place}: {error.strerror or error}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error
    for remark in made.notes:
        note(f"note: {remark}")
    _conclude(made.metrics)
    print(f"run: {made.directory}")
    return OK


def _compiled(args: argparse.Namespace) -> tuple[Compiled, TrainSpec]:
    """Returns the compiled spec, that of the run to be resumed if there is one, and what to do.

    Raises:
        CommandError: There is no spec, or nothing to train it on.
    """
    if (args.spec is None) == (args.resume is None):
        raise CommandError(
            "name a spec, or a run to resume" + (", not both" if args.spec else ""),
            exit_code=USAGE,
            help="archspec train SPEC, or archspec train --resume RUN",
        )
    if args.resume is not None:
        if not (args.resume / "spec.yaml").is_file():
            raise CommandError(
                f"{args.resume} is no run: it has no spec.yaml",
                exit_code=ENVIRONMENT,
                help="give the directory that `archspec train` named as `run:`",
            )
        if args.weights is not None:
            raise CommandError(
                "a resumed run goes on from its own checkpoint, not from --weights",
                exit_code=USAGE,
                help=f"train a run of its own: archspec train SPEC --weights {args.weights}",
            )
        args.spec, args.allow_outside = str(args.resume / "spec.yaml"), True
    if args.weights is not None:
        args.settings.append(f"train.weights.file={json.dumps(args.weights)}")
    compiled = compile_from(args)
    if compiled.train is None:
        raise CommandError(
            f"{compiled.graph.name} has no `train` section, which says what to train on",
            exit_code=USAGE,
            help="add one: train: {data: {dataset: digits}, epochs: 10}",
        )
    return compiled, compiled.train


def _trained(args: argparse.Namespace, compiled: Compiled, spec: TrainSpec) -> Run:
    from archspec.training.run import resume, train

    if args.resume is not None:
        return resume(
            args.resume,
            compiled.graph,
            spec,
            compiled.resolved,
            device=args.device,
            devices=args.devices,
            announce=lambda data, start: _announce(compiled, data, start),
        )
    return train(
        compiled.graph,
        spec,
        compiled.resolved,
        output=args.output,
        source=Path(compiled.tree.span.file).parent,
        device=args.device,
        devices=args.devices,
        announce=lambda data, start: _announce(compiled, data, start),
    )


def _announce(compiled: Compiled, data: Dataset, start: Start | None) -> None:
    main, *others = compiled.graph.outputs
    if others:
        names = ", ".join(f"`{name}`" for name in others)
        note(f"note: `{main}` is trained; {names} {'is' if len(others) == 1 else 'are'} not")
    title = compiled.graph.title or compiled.graph.name
    folds = compiled.train.data.split.folds if compiled.train else None
    used = [name for name, e in data.splits.items() if e.number and not (folds and name == "test")]
    sizes = ", ".join(f"{data.splits[name].number:,} {name}" for name in used)
    print(f"{title}: {totals(compiled.graph).params:,} parameters")
    told = counted(len(data.classes), "class", "classes") if data.classes else "values to predict"
    where = f" in the first of {folds} folds" if folds else ""
    print(f"{data.name}: {sizes} examples{where}, {told}", flush=True)
    if folds and data.splits["test"].number:
        left = counted(data.splits["test"].number, "example", "examples")
        note(f"note: the test split, {left}, is in none of the folds, and is not looked at")
    if start is not None:
        taken = _tensors(len(start.weights))
        print(f"starts from {taken} of {shortest(start.file)}", flush=True)
        if start.skipped:
            note(f"note: {_few(start.skipped)} start from their initialisers")
        if start.unused:
            note(f"note: nothing takes the file's {_few(start.unused)}")


def _few(names: Sequence[str]) -> str:
    more = f", … ({_tensors(len(names))})" if len(names) > LISTED else ""
    return visible(f"{', '.join(names[:LISTED])}{more}")


def _tensors(number: int) -> str:
    return counted(number, "tensor", "tensors")


def _conclude(metrics: dict[str, Any]) -> None:
    from archspec.training.record.measures import shown, title

    if "folds" in metrics:
        for name, mean in metrics["validation"].items():
            spread = shown(name, metrics["spread"]["validation"][name])
            print(f"validation {title(name)}: {shown(name, mean)} ± {spread}")
        print(f"folds: {metrics['folds']}, each at its epoch of {metrics['selected_by']}")
        return
    if test := metrics.get("test"):
        alone = metrics["task"] != "multilabel"  # else accuracy is a share of labels
        print(f"test {_told(test, metrics['splits']['test'] if alone else None)}")
    print(
        f"selected: epoch {metrics['selected_epoch']} of {metrics['epochs']} "
        f"({metrics['selected_by']})"
    )


def _told(results: dict[str, float], examples: int | None) -> str:
    """Returns the results of a split in words, such as `accuracy: 98.00% (49 of 50), loss 0.1`."""
    from archspec.training.record.measures import shown, title

    said: list[str] = []
    for name in sorted(results, key="loss".__eq__):
        count = ""
        if name == "accuracy" and examples is not None:
            count = f" ({round(results[name] * examples):,} of {examples:,})"
        said.append(f"{title(name)}{'' if said else ':'} {shown(name, results[name])}{count}")
    return ", ".join(said)
