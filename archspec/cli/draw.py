"""`archspec draw`: draw a spec's network."""

from __future__ import annotations

import argparse
from pathlib import Path

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    add_spec_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_file,
        help="a .svg (default: NAME[-VARIANT].svg), .png, .pdf, .jpg, .eps or .dot file",
    )
    parser.add_argument(
        "--depth",
        metavar="N",
        type=_depth,
        help="draw blocks nested deeper than N as one box each; 0 is the whole network",
    )


def run(args: argparse.Namespace) -> int:
    """Writes the picture and says what is in it."""
    from archspec.backends.dot.document import document
    from archspec.backends.dot.render import FORMATS, RenderError, render

    if args.output is not None and args.output.suffix[1:].lower() not in FORMATS:
        raise CommandError(
            f"cannot tell a picture's format from `{args.output.name}`",
            exit_code=USAGE,
            help=f"end it in {', '.join(f'.{format_}' for format_ in FORMATS)}",
        )
    graph = compile_from(args).graph
    path = args.output or Path(f"{graph.stem}.svg")
    drawn = document(graph, args.depth)
    try:
        picture = render(drawn.source, path.suffix[1:].lower())
    except RenderError as error:
        raise CommandError(error.message, exit_code=ENVIRONMENT, help=error.help) from error
    if picture.by == "graphviz-pure":
        note("note: drawn by graphviz-pure, as Graphviz's `dot` is not installed")
    _write(path, picture.content)
    print(f"{path}: {_count(len(graph.nodes), 'layer')} in {_count(drawn.boxes, 'box', 'boxes')}")
    return OK


def _write(path: Path, content: bytes) -> None:
    from archspec.backends.whole_file import write_whole

    try:
        write_whole(path, content)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _depth(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a depth is 0, 1, 2, …, not `{text}`")
    return int(text)
