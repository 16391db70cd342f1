"""`archspec explain`: what an error code or an operator means."""

from __future__ import annotations

import argparse
import inspect
import textwrap

from archspec import ops
from archspec.cli.common import OK, USAGE, CommandError
from archspec.diagnostics.codes import CODES
from archspec.frontend.arguments import as_text
from archspec.frontend.suggest import did_you_mean


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("subject", metavar="CODE|OPERATOR", help="for example E202 or conv2d")


def run(args: argparse.Namespace) -> int:
    """Prints the explanation."""
    if args.subject in CODES:
        _explain_code(args.subject)
    elif args.subject in ops.names():
        _explain_operator(args.subject)
    else:
        help_ = did_you_mean(args.subject, [*CODES, *ops.names()], what="subject")
        message = f"nothing is known about `{args.subject}`"
        raise CommandError(message, exit_code=USAGE, help=help_)
    return OK


def _explain_code(name: str) -> None:
    code = CODES[name]
    print(f"{name}: {code.title}\n")
    print(textwrap.fill(code.text, 80))
    if code.example:
        print("\nFor example:\n")
        print(textwrap.indent(code.example.replace("\x01", "\\x01"), "    "), end="")


def _explain_operator(name: str) -> None:
    op = ops.find(name)
    print(f"{name}: {inspect.cleandoc(op.__doc__ or '')}\n")
    for field, info in op.model_fields.items():
        default = "optional" if info.default is None else f"default {as_text(info.default)}"
        use = "required" if info.is_required() else default
        primary = ", the short form's value" if field == op.primary else ""
        print(f"  {field} ({use}{primary})")
        print(textwrap.indent(textwrap.fill(info.description or "", 76), "      "))
    inputs = "two or more paths" if op.variadic else ", ".join(op.input_names)
    print(f"  inputs: {inputs}")
