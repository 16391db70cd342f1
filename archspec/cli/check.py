"""`archspec check`: judge specs without running anything."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol, cast

from archspec.cli.checked import Checked
from archspec.cli.common import (
    USAGE,
    CommandError,
    add_spec_options,
    compile_options,
    filled,
)
from archspec.cli.operators import own_faults
from archspec.cli.targets import Target, is_pattern, targets
from archspec.diagnostics import SourceError, Span
from archspec.frontend import Compiled, UsageError
from archspec.frontend.compiled import failed
from archspec.frontend.compiler import analyse_spec
from archspec.frontend.loader import unreadable

FORMATS = ("table", "text", "json", "sarif", "github")


class Format(Protocol):
    """What the module of a format offers."""

    def write(self, results: Sequence[Checked], *, several: bool) -> None:
        """Prints what was found out, about one spec or several."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "specs",
        metavar="SPEC",
        nargs="+",
        type=filled,
        help="a spec file, a pattern such as 'specs/**/*.yaml', or the name of a shipped spec",
    )
    add_spec_options(parser, limits=True)
    parser.add_argument(
        "--all-variants",
        action="store_true",
        help="check each spec as it stands and in each of its variants",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="table: layers, totals and mistakes (the default for one spec); text: the mistakes, "
        "and a line for each of several specs; json, sarif, github: for programs",
    )
    parser.add_argument(
        "--ignore",
        metavar="CODE",
        action="append",
        default=[],
        help="warnings not to show (W204,W205)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 if there are warnings, too"
    )


def run(args: argparse.Namespace) -> int:
    """Checks every spec and prints what was found out."""
    ignored = _ignored(args.ignore)
    if args.all_variants and args.variant:
        raise CommandError(
            "--variant is one variant, --all-variants is all of them",
            exit_code=USAGE,
            help="leave one of the two out",
        )
    name = args.format or ("text" if _several(args) else "table")
    results = [
        result
        for target in targets(args.specs, args.variant)
        for result in _results(target, args, ignored)
    ]
    form = cast("Format", importlib.import_module(f"archspec.cli.formats.{name}"))
    form.write(results, several=_several(args))
    return max(result.exit_code(strict=args.strict) for result in results)


def _several(args: argparse.Namespace) -> bool:
    """Returns whether several specs are asked for, however many there turn out to be."""
    return len(args.specs) > 1 or args.all_variants or is_pattern(args.specs[0])


def _ignored(lists: Sequence[str]) -> Collection[str]:
    """Returns the codes of the warnings to ignore.

    Raises:
        CommandError: One of them is not the code of a warning.
    """
    codes = [code for list_ in lists for code in list_.replace(",", " ").split()]
    if codes:
        from archspec.frontend.silence import why_not

        for code in codes:
            if fault := why_not(code):
                message, help_ = fault
                raise CommandError(f"--ignore: {message}", exit_code=USAGE, help=help_)
    return codes


def _results(
    target: Target, args: argparse.Namespace, ignored: Collection[str]
) -> Iterator[Checked]:
    """Yields what there is to say of a spec, and of its variants if they are wanted."""
    result = _checked(target, args, ignored)
    yield result
    if args.all_variants and target.variant is None:
        for variant in result.compiled.variants:
            yield _checked(target._replace(variant=variant), args, ignored)


def _checked(target: Target, args: argparse.Namespace, ignored: Collection[str]) -> Checked:
    """Returns a checked spec; an internal error is a fault of this one, not of the run."""
    try:
        with own_faults():
            compiled = _compiled(target, args)
    except UsageError as error:
        message = f"{target.path}: {error.message}" if _several(args) else error.message
        raise CommandError(message, exit_code=USAGE, help=error.help) from None
    except CommandError:
        raise
    except OSError as error:
        fault = unreadable(error.filename or target.path, error)
        compiled = failed([fault._replace(span=Span(target.path))], {})
    except Exception as error:  # noqa: BLE001 - the other specs are still to be judged
        from archspec.cli.internal import internal_fault

        compiled = failed([internal_fault(error, target.path)], {})
    diagnostics = tuple(d for d in compiled.diagnostics if d.code not in ignored)
    return Checked(target.path, target.variant, compiled, diagnostics)


def _compiled(target: Target, args: argparse.Namespace) -> Compiled:
    if target.fault is not None:
        return failed([target.fault], {})
    try:
        return analyse_spec(target.path, **compile_options(args, target.variant))
    except SourceError as error:
        return failed([error.diagnostic], {})
