"""`archspec train`: train a spec's network on its data."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from archspec.cli.common import (
    ENVIRONMENT,
    NO,
    OK,
    USAGE,
    CommandError,
    add_spec_arguments,
    compile_from,
    note,
    output_file,
)
from archspec.cli.extras import needs
from archspec.diagnostics.counted import counted
from archspec.frontend import Compiled
from archspec.ir.totals import totals

if TYPE_CHECKING:
    from archspec.training.data import Dataset

INTERRUPTED = 130
DEVICES = ("auto", "cpu", "cuda", "mps")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    add_spec_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=output_file,
        help="the run directory, new or empty (default: runs/NAME/TIME)",
    )
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="where to train (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Trains, tests, and says where the results are."""
    compiled = compile_from(args)
    if compiled.train is None:
        raise CommandError(
            f"{compiled.graph.name} has no `train` section, which says what to train on",
            exit_code=USAGE,
            help="add one: train: {data: {dataset: digits}, epochs: 10}",
        )
    # Threads that spin while they wait for each other are many times slower on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with needs("train"):
        from archspec.backends.torch import memory_errors
        from archspec.training.errors import (
            DeviceError,
            InterruptedRunError,
            OutputError,
            TrainingError,
            UnreadableError,
        )
        from archspec.training.run import train
    try:
        with memory_errors():
            report = train(
                compiled.graph,
                compiled.train,
                compiled.resolved,
                output=args.output,
                device=args.device,
                announce=lambda data: _announce(compiled, data),
            )
    except InterruptedRunError as error:
        note(error.message)
        return INTERRUPTED
    except TrainingError as error:
        codes = {OutputError: USAGE, DeviceError: ENVIRONMENT, UnreadableError: ENVIRONMENT}
        code = codes.get(type(error), NO)
        raise CommandError(error.message, exit_code=code, help=error.help) from error
    except MemoryError as error:
        raise CommandError("not enough memory", exit_code=ENVIRONMENT) from error
    except OSError as error:
        place = error.filename or args.output or "the run directory"
        message = f"cannot write {place}: {error.strerror or error}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error
    _conclude(report.metrics)
    print(f"run: {report.directory}")
    return OK


def _announce(compiled: Compiled, data: Dataset) -> None:
    main, *others = compiled.graph.outputs
    if others:
        names = ", ".join(f"`{name}`" for name in others)
        note(f"note: `{main}` is trained; {names} {'is' if len(others) == 1 else 'are'} not")
    title = compiled.graph.title or compiled.graph.name
    sizes = ", ".join(f"{e.number:,} {name}" for name, e in data.splits.items() if e.number)
    print(f"{title}: {totals(compiled.graph).params:,} parameters")
    classes = counted(len(data.classes), "class", "classes")
    print(f"{data.name}: {sizes} examples, {classes}", flush=True)


def _conclude(metrics: dict[str, Any]) -> None:
    test, examples = metrics["test"], metrics["splits"]["test"]
    right = round(test["accuracy"] * examples)
    print(f"test accuracy: {test['accuracy']:.2%} ({right} of {examples}), loss {test['loss']:.4g}")
    print(
        f"selected: epoch {metrics['selected_epoch']} of {metrics['epochs']} "
        f"({metrics['selected_by']})"
    )
