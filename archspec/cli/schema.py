"""`archspec schema`: the JSON Schema of specs, for editors."""

from __future__ import annotations

import argparse
from pathlib import Path

from archspec.cli.common import ENVIRONMENT, OK, CommandError, output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_file,
        help="the file to write; it is printed if left out, or for `-`",
    )


def run(args: argparse.Namespace) -> int:
    """Prints the schema, or writes it and says where."""
    text = schema_text()
    if args.output in (None, Path("-")):
        print(text, end="")
        return OK
    from archspec.backends.whole_file import write_whole

    try:
        write_whole(args.output, text.encode())
    except OSError as error:
        message = f"cannot write {args.output}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error
    print(f"{args.output}: name it in a spec's first line, or in your editor's settings")
    return OK


def schema_text() -> str:
    """Returns the schema as it is written."""
    import json

    from archspec.cli.json_schema import document

    # In ASCII, so that no terminal or editor can spoil it.
    return json.dumps(document(), indent=1) + "\n"
