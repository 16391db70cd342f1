"""The command line: one thin module per command, imported only when it is called."""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn, Protocol, cast

COMMANDS = {
    "check": "judge a spec: shapes, parameters, multiply-adds",
    "data": "look at what a spec's network is trained on",
    "train": "train a spec's network on its data",
    "evaluate": "judge a run or an exported model on a split of its data",
    "compare": "put runs side by side: settings, metrics, learning curves",
    "export": "write a spec's network as ONNX",
    "predict": "run an exported model on images, arrays or its spec's data",
    "weights": "take weights from torch, Keras, safetensors or ONNX files",
    "verify": "prove that every backend computes the same",
    "draw": "draw a spec's network",
    "list": "list the specs that ship with archspec",
    "explain": "explain an operator, a part of the language or an error code",
    "schema": "print the JSON Schema of specs, for editors",
}


class Command(Protocol):
    """What a command's module offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Runs the command and returns the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code.

    0: fine; 1: the answer is no; 2: wrong usage; 3: the environment; 70: an internal
    error; 130: interrupted.
    """
    # Not list(...): the module of the command `list` has that name here.
    arguments = [*(sys.argv[1:] if argv is None else argv)]
    if argv is None:
        _prepare_streams()
        if arguments[:1] == ["check"]:
            _start_fast()
            _leave_fast(_guarded(arguments))
        code = _guarded(arguments)
        _leave_quietly()
        return code
    return _guarded(arguments)


def _guarded(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except OSError:  # what there was to say of a fault cannot be written either
        from archspec.cli.common import ENVIRONMENT

        return ENVIRONMENT


def _prepare_streams() -> None:
    """Makes every text printable: a closed stream swallows it, a poor encoding gets `?`."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _start_fast() -> None:
    """Prepares a process that lives for a tenth of a second: editors and hooks wait for it."""
    gc.disable()
    # Looking for pydantic plugins reads the metadata of every installed distribution.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _leave_fast(code: int) -> NoReturn:
    """Ends the process without taking it apart, which takes as long as some specs to check."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # which has been reported, if it can be
            stream.flush()
    os._exit(code)


def _leave_quietly() -> None:
    """Lets Ctrl-C end what is left of the process at once, instead of by a traceback."""
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _run(argv: list[str]) -> int:
    from archspec.cli.common import ENVIRONMENT, INTERNAL, NO, OK, CommandError, show
    from archspec.cli.operators import load_operators, own_faults
    from archspec.diagnostics import SourceError, SpecError
    from archspec.diagnostics.terminal import visible

    try:
        command, args = _parse(argv)
        load_operators(args.operators)
        with own_faults():
            code = command.run(args)
        sys.stdout.flush()
        return code
    except CommandError as error:
        print(f"error: {visible(error.message)}", file=sys.stderr)
        if error.help:
            print(f"   = help: {visible(error.help)}", file=sys.stderr)
        return error.exit_code
    except SpecError as error:
        show(error.diagnostics, error.sources)
        return NO
    except SourceError as error:
        show([error.diagnostic], {})
        return ENVIRONMENT
    except BrokenPipeError:
        # Whoever read our output, such as `head`, has had enough; nothing is left to flush.
        _discard_output()
        return OK
    except OSError as error:
        if error.filename is None:  # it was the output itself that could not be written
            _discard_output()
        place = f": {error.filename}" if error.filename else ""
        print(f"error: {visible(f'{error.strerror or error}{place}')}", file=sys.stderr)
        return ENVIRONMENT
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback for users
        from archspec.cli.internal import internal_fault

        fault = internal_fault(error)
        print(f"error[{fault.code}]: {fault.message}; {fault.help}", file=sys.stderr)
        return INTERNAL


def _discard_output() -> None:
    """Lets what is left in the buffer of a broken stdout go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parse(argv: list[str]) -> tuple[Command, argparse.Namespace]:
    """Parses the arguments; only the module of the command called is imported."""
    parser = argparse.ArgumentParser(
        prog="archspec", description="A compiler for neural-network architectures."
    )
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    # With `prog` given argparse need not find it out, which takes it the terminal's width.
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", prog="archspec")
    command: Command | None = None
    called = [name for name in COMMANDS if name in argv[:1]]
    for name in called or COMMANDS:
        subparser = subparsers.add_parser(name, help=COMMANDS[name], description=COMMANDS[name])
        if called:
            command = cast("Command", importlib.import_module(f"archspec.cli.{name}"))
            command.add_arguments(subparser)
            subparser.add_argument(
                "--operators",
                metavar="FILE",
                action="append",
                default=[],
                help="a Python file with an operator of your own; it is run",
            )
    args = parser.parse_args(argv)
    if args.version:
        from importlib.metadata import version

        print(f"archspec {version('archspec-nn')}")
        sys.exit(0)
    if command is None:
        parser.print_help()
        sys.exit(2)
    return command, args
