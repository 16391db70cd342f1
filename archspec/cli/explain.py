"""`archspec explain`: what an error code, an operator or the `train` section means."""

from __future__ import annotations

import argparse
import inspect
import textwrap
from typing import get_args

from pydantic import BaseModel

from archspec import ops
from archspec.cli.common import OK, USAGE, CommandError
from archspec.diagnostics.codes import CODES
from archspec.frontend.arguments import as_text
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.validation import models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "subject",
        metavar="CODE|OPERATOR|SECTION",
        nargs="?",
        help="for example E202, conv2d or train; everything that can be explained if left out",
    )


def run(args: argparse.Namespace) -> int:
    """Prints the explanation."""
    if args.subject is None:
        _list_subjects()
    elif args.subject in CODES:
        _explain_code(args.subject)
    elif args.subject in ops.names():
        _explain_operator(args.subject)
    elif args.subject == "train":
        _explain_train()
    else:
        subjects = [*ops.names(), "train", *CODES]
        help_ = did_you_mean(args.subject, subjects, what="subject")
        message = f"nothing is known about `{args.subject}`"
        raise CommandError(message, exit_code=USAGE, help=help_)
    return OK


def _list_subjects() -> None:
    print("operators\n")
    for name in ops.names():
        print(f"  {name:22}{_first_line(ops.find(name).__doc__)}")
    print("\nsections\n\n  train                 data, loss, optimiser, and how long")
    print("\nerror codes\n")
    for name, code in CODES.items():
        print(f"  {name:22}{code.title}")


def _explain_train() -> None:
    from archspec.frontend.train_schema import TrainSpec

    print(f"train: {inspect.cleandoc(TrainSpec.__doc__ or '')}\n")
    _fields(TrainSpec, "  ")


def _fields(model: type[BaseModel], indent: str) -> None:
    """Prints the fields of a section, and of the sections inside it."""
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        simple = not isinstance(default, (BaseModel, list)) and default is not None
        use = "required" if field.is_required() else f"default {as_text(default)}" if simple else ""
        print(f"{indent}{name}: {field.description}" + (f" ({use})" if use else ""))
        choices = get_args(field.annotation) if "Literal" in str(field.annotation) else ()
        if choices and all(isinstance(choice, str) for choice in choices):
            print(f"{indent}    one of {', '.join(choices)}")
        for inner in models(field.annotation):
            _fields(inner, indent + "    ")


def _first_line(doc: str | None) -> str:
    return inspect.cleandoc(doc or "").partition("\n")[0]


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
