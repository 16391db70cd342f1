"""`archspec weights`: weights of other implementations as those of a spec's network."""

from __future__ import annotations

import argparse
from pathlib import Path

from archspec.cli.common import add_spec_options, filled, output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's two commands and their arguments."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    taken = _add(
        commands, "import", "write the weights in a file as those of a spec, in safetensors"
    )
    taken.add_argument(
        "--map",
        dest="mapping",
        metavar="FILE",
        type=output_file,
        help="a file that says which layers or scopes belong together, as `weights map` writes it",
    )
    taken.add_argument(
        "--format", choices=("table", "json"), default="table", help="table by default"
    )
    taken.add_argument(
        "--verbose", action="store_true", help="also say of each tensor where it comes from"
    )
    taken.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_file,
        help="the file to write (default: SPEC.safetensors)",
    )
    map_ = _add(
        commands, "map", "write which layers of a file are which of a spec's, to fill in the rest"
    )
    map_.add_argument(
        "-o", "--output", metavar="FILE", type=output_file, help="the file to write (stdout)"
    )


def run(args: argparse.Namespace) -> int:
    """Imports weights, or writes a mapping."""
    from archspec.cli import weights_import  # nothing else of this needs so much

    return weights_import.run_map(args) if args.action == "map" else weights_import.run(args)


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    parser.add_argument(
        "file",
        metavar="FILE",
        type=_file,
        help="weights of torch (.pt, .pth), safetensors, Keras (.keras, .h5) or ONNX",
    )
    parser.add_argument(
        "--to",
        dest="spec",
        metavar="SPEC",
        type=filled,
        required=True,
        help="a spec file, or the name of a shipped spec",
    )
    parser.add_argument(
        "--ignore",
        metavar="PATTERN",
        action="append",
        default=[],
        help="layers of the file that are left out, by name ('aux*')",
    )
    parser.add_argument(
        "--key", metavar="NAME", help="which of several sets of tensors in a file of torch's"
    )
    add_spec_options(parser)
    parser.add_argument(
        "--operators",
        metavar="FILE",
        action="append",
        default=argparse.SUPPRESS,
        help="a Python file with an operator of your own; it is run",
    )
    return parser


def _file(text: str) -> Path:
    return Path(filled(text))
