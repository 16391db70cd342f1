"""What the commands share: the spec argument, errors, colours."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from archspec.diagnostics import Diagnostic, Refusal, SourceError, Span
from archspec.frontend import Compiled, UsageError, compile_spec
from archspec.frontend.compiled import Options
from archspec.frontend.limits import LIMITS, Limits, flag
from archspec.frontend.loader import unreadable
from archspec.frontend.shipped import is_shipped, shipped_specs, shipped_variants, shortest
from archspec.frontend.suggest import nearest_word

OK, NO, USAGE, ENVIRONMENT, INTERNAL = 0, 1, 2, 3, 70


class CommandError(Refusal):
    """A command cannot do what it was asked.

    Attributes:
        message: What is wrong.
        exit_code: The process's exit code.
        help: What to do about it, or an empty string.
    """

    def __init__(self, message: str, *, exit_code: int = NO, help: str = "") -> None:  # noqa: A002
        super().__init__(message, help)
        self.exit_code = exit_code


def add_spec_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --variant and --set."""
    parser.add_argument(
        "spec", metavar="SPEC", type=filled, help="a spec file, or the name of a shipped spec"
    )
    add_spec_options(parser)


def filled(text: str) -> str:
    """Returns the name of a file as it is, unless it is empty."""
    if text:
        return text
    raise argparse.ArgumentTypeError("takes the name of a file, not an empty text")


def output_file(text: str) -> Path:
    """Returns the path of a file to write, unless it is empty."""
    return Path(filled(text))


def add_spec_options(parser: argparse.ArgumentParser, *, limits: bool = False) -> None:
    """Adds what every command takes that reads a spec: --variant, --set, limits and the like.

    Args:
        parser: The command's parser.
        limits: Whether its help shows a line for each limit, and not only that there are some.
    """
    parser.add_argument("--variant", metavar="V", help="the variant of the spec")
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override a parameter (classes=10) or a training value (train.epochs=5)",
    )
    parser.add_argument(
        "--input",
        dest="inputs",
        metavar="NAME=SHAPE",
        action="append",
        default=[],
        help="override an input's shape, channels first (image=3x256x256)",
    )
    parser.add_argument(
        "--allow-outside",
        action="store_true",
        help="let the spec extend, include and use files outside of its project",
    )
    _add_limits(parser, shown=limits)


def _add_limits(parser: argparse.ArgumentParser, *, shown: bool) -> None:
    """Adds a flag for every limit."""
    where = "archspec explain limits" if shown else "archspec check --help shows the flags"
    group = parser.add_argument_group("limits", f"how large a spec may be ({where})")
    for name, default in Limits()._asdict().items():
        group.add_argument(
            flag(name),
            metavar="N",
            type=_at_most(name),
            default=default,
            help=f"{LIMITS[name].what} (default {default:_})" if shown else argparse.SUPPRESS,
        )


def _at_most(name: str) -> Callable[[str], int]:
    """Returns what reads the value of a limit."""
    limit = LIMITS[name]

    def read(text: str) -> int:
        digits = text.replace("_", "")
        number = int(digits) if digits.isdecimal() and len(digits) < 100 else 0
        if 0 < number <= limit.most:
            return number
        because = f"; {limit.because}" if number else ""
        message = f"takes a whole number from 1 to {limit.most:_}, not `{text}`{because}"
        raise argparse.ArgumentTypeError(message)

    return read


def compile_from(args: argparse.Namespace) -> Compiled:
    """Returns the compiled spec that the arguments name.

    Raises:
        SpecError: It has errors.
        SourceError: It cannot be read.
        CommandError: There is no such variant or parameter.
    """
    path, variant = find_spec(args.spec, args.variant)
    try:
        compiled = compile_spec(path, **compile_options(args, variant))
    except UsageError as error:
        raise CommandError(error.message, exit_code=USAGE, help=error.help) from None
    if compiled.diagnostics:
        show(compiled.diagnostics, compiled.sources)
    return compiled


def compile_options(args: argparse.Namespace, variant: str | None) -> Options:
    """Returns the options of a compilation that the arguments give.

    Raises:
        CommandError: One of them is not well formed.
    """
    return {
        "variant": variant,
        "settings": settings(args),
        "limits": Limits(**{name: getattr(args, f"max_{name}") for name in Limits._fields}),
        "allow_outside": args.allow_outside,
    }


def settings(args: argparse.Namespace) -> Mapping[str, str]:
    """Returns the `--set` and `--input` arguments as values by key.

    Raises:
        CommandError: One of them is not `KEY=VALUE` or `NAME=SHAPE`.
    """
    made = {}
    for text in args.settings:
        key, value = _pair("--set", text, "classes=10 or --set train.epochs=5")
        made[key] = value
    for text in args.inputs:
        name, shape = _pair("--input", text, "image=3x256x256")
        made[f"inputs.{name}"] = f"[{', '.join(shape.replace('×', 'x').split('x'))}]"
    return made


def _pair(option: str, text: str, example: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if key and equals:
        return key, value
    raise CommandError(
        f"{option} takes NAME=VALUE, not `{text}`",
        exit_code=USAGE,
        help=f"for example {option} {example}",
    )


def find_spec(spec: str, variant: str | None) -> tuple[str, str | None]:
    """Returns the file and variant that SPEC means.

    SPEC is a path, a run directory, or the name of a shipped spec or of one of its variants.

    Raises:
        SourceError: It is none of these.
    """
    path = Path(spec)
    try:
        if (path / "spec.yaml").is_file():
            return str(path / "spec.yaml"), variant
        if os.sep in spec or path.suffix in (".yaml", ".yml"):
            return spec, variant
        if path.exists() and not (path.is_dir() and is_shipped(spec)):
            return spec, variant
    except OSError as error:  # such as a name that is too long
        raise SourceError(unreadable(spec, error)) from None
    shipped = shipped_specs()
    if spec in shipped:
        return shortest(shipped[spec]), variant
    variants = shipped_variants()
    owners = variants.get(spec, ())
    if len(owners) == 1 and variant is None:
        return shortest(shipped[owners[0]]), spec
    message = f"there is no spec `{spec}`"
    if owners:
        message = f"`{spec}` is not a spec but a variant of {' and of '.join(owners)}"
        help_ = f"write `{owners[0]} --variant {variant or spec}`"
    elif nearest := nearest_word(spec, [*shipped, *variants]):
        help_ = f"did you mean `{nearest}`?"
    else:
        help_ = "`archspec list` shows those that ship with archspec"
    raise SourceError(Diagnostic("E001", message, Span(spec), help_))


def wants_colour(stream: TextIO) -> bool:
    """Returns whether to colour what goes to a stream.

    See https://no-color.org and https://force-color.org; of both, NO_COLOR counts.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def show(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> None:
    """Prints diagnostics on stderr."""
    from archspec.diagnostics.render import render  # a spec without faults does not need it

    sys.stdout.flush()
    print(render(diagnostics, sources, colour=wants_colour(sys.stderr)), file=sys.stderr)


def note(message: str) -> None:
    """Says something beside the output proper."""
    print(message, file=sys.stderr)
