"""`archspec check`: judge a spec without running anything."""

from __future__ import annotations

import argparse
import sys

from archspec.analysis.summary import as_json, footing, heading, table
from archspec.cli.common import (
    ENVIRONMENT,
    NO,
    OK,
    USAGE,
    CommandError,
    add_spec_options,
    compile_options,
    find_spec,
    note,
    show,
)
from archspec.diagnostics import Severity, SourceError
from archspec.frontend import Compiled, UsageError
from archspec.frontend.compiler import analyse_spec, failed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "specs", metavar="SPEC", nargs="+", help="a spec file, or the name of a shipped spec"
    )
    add_spec_options(parser)
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="for people or for programs"
    )


def run(args: argparse.Namespace) -> int:
    """Checks every spec and prints what it found."""
    results: list[tuple[str, Compiled]] = []
    unreadable = False
    for spec in args.specs:
        try:
            path, variant = find_spec(spec, args.variant)
            results.append((path, analyse_spec(path, **compile_options(args, variant))))
        except UsageError as error:
            raise CommandError(error.message, exit_code=USAGE, help=error.help) from None
        except SourceError as error:
            unreadable = True
            results.append((spec, failed([error.diagnostic], {})))
    if args.format == "json":
        import json

        objects = [as_json(c.graph, c.diagnostics, ok=c.ok, file=path) for path, c in results]
        print(json.dumps(objects[0] if len(objects) == 1 else objects, indent=1))
    else:
        for index, (_, compiled) in enumerate(results):
            if index:
                print()
            _print(compiled)
    if unreadable:
        return ENVIRONMENT
    return OK if all(compiled.ok for _, compiled in results) else NO


def _print(compiled: Compiled) -> None:
    if compiled.ok:
        print(heading(compiled.graph), end="\n\n")
    shown = compiled.sound_nodes()
    if shown and (compiled.ok or compiled.stopped_at is not None):
        print(table(shown), end="\n\n")
    if compiled.ok:
        print(footing(compiled.graph))
    if compiled.expect_skipped:
        note("note: `expect` speaks of the spec as it stands, so it was not compared")
    if compiled.diagnostics:
        show(compiled.diagnostics, compiled.sources)
        if not compiled.ok:
            errors = sum(d.severity is Severity.ERROR for d in compiled.diagnostics)
            print(f"\n{errors} error{'s' * (errors != 1)}", file=sys.stderr)
