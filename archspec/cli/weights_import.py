"""One run of `archspec weights import` or `archspec weights map`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import ENVIRONMENT, NO, OK, USAGE, CommandError, compile_from, note
from archspec.cli.extras import needs
from archspec.cli.mapping_file import MappingFile, at, read_mapping
from archspec.diagnostics import Span
from archspec.diagnostics.counted import counted
from archspec.diagnostics.terminal import cells, visible
from archspec.ir.graph import Graph
from archspec.ir.types import shape_text

if TYPE_CHECKING:
    from archspec.backends.weights_import import Imported, Row

HEADINGS = ("tensor", "shape", "from", "found by", "")

EXTRAS = {".onnx": "onnx", ".keras": "keras", ".h5": "keras", ".hdf5": "keras"}
"""The extras that kinds of files need; all others need `torch`."""

SUFFIX = ".safetensors"
"""How the file that is written ends, by which others tell what it holds."""

SHOWN = 3
"""How many of the layers that were left out are named."""


def run(args: argparse.Namespace) -> int:
    """Imports the weights, writes them, and says where each came from."""
    graph = compile_from(args).graph
    path = args.output or Path(f"{graph.stem}{SUFFIX}")
    _check_output(path, args.file)
    if path.suffix.lower() != SUFFIX:
        raise CommandError(
            f"cannot write {path}: what is written is known by the ending {SUFFIX}",
            exit_code=USAGE,
            help=f"name a file that ends so: -o {graph.stem}{SUFFIX}",
        )
    given = read_mapping(str(args.mapping)) if args.mapping else MappingFile({}, {})
    with _told(args.file, given.spans):
        from archspec.backends.weights_import import import_weights

        made = import_weights(
            graph, args.file, mapping=given.names, ignore=args.ignore, key=args.key
        )
    size = _write(path, made, graph)
    for remark in made.remarks:
        note(f"note: {remark}")
    if args.format == "json":
        print(_json(made, path))
    else:
        if args.verbose:
            print(_table(made) + "\n")
        print("\n".join(_summary(made, path, size)))
    return OK


def run_map(args: argparse.Namespace) -> int:
    """Writes the mapping as far as it is known."""
    graph = compile_from(args).graph
    if args.output is not None:
        _check_output(args.output, args.file)
    with _told(args.file, {}):
        from archspec.backends.weights_import import propose_mapping

        text, left = propose_mapping(graph, args.file, ignore=args.ignore, key=args.key)
    if args.output is None:
        print(text, end="")
    else:
        from archspec.backends.whole_file import write_whole

        with _writes(args.output):
            write_whole(args.output, text.encode())
        print(f"{args.output}: {counted(left, 'layer', 'layers')} to fill in")
    return OK


def _check_output(path: Path, given: Path) -> None:
    """Checks that a file is not written in place of the one that is read."""
    try:
        is_same = path.samefile(given)
    except OSError:  # one of them is not there, which is told where it matters
        return
    if is_same:
        raise CommandError(
            f"{path} would be written in place of the weights that are read from it",
            exit_code=USAGE,
            help="name another file: -o FILE",
        )


@contextmanager
def _told(file: Path, places: Mapping[str, Span]) -> Iterator[None]:
    """Says what is wrong with a file of weights, or with a mapping.

    Args:
        file: The file.
        places: Where the lines of the mapping stand.

    Raises:
        CommandError: Something is.
    """
    with needs(EXTRAS.get(file.suffix.lower(), "torch")):
        from archspec.backends.fit import MisfitError, WeightsError
        from archspec.backends.weights_import import UndecidedError
        from archspec.backends.weights_import.mapping import MappingError

        try:
            yield
        except MappingError as error:
            message = f"{at(places[error.ours])}: {error.message}"
            raise CommandError(message, exit_code=NO, help=error.help) from error
        except (MisfitError, UndecidedError) as error:
            raise CommandError(error.message, exit_code=NO, help=error.help) from error
        except WeightsError as error:
            raise CommandError(error.message, exit_code=ENVIRONMENT, help=error.help) from error
        except MemoryError as error:
            raise CommandError("not enough memory", exit_code=ENVIRONMENT) from error


def _write(path: Path, made: Imported, graph: Graph) -> int:
    from safetensors.numpy import save

    from archspec.backends.whole_file import write_whole

    content = save(made.weights, metadata={"archspec.name": graph.stem})
    with _writes(path):
        write_whole(path, content)
    return len(content)


@contextmanager
def _writes(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error


def _table(made: Imported) -> str:
    from archspec.backends.weights_import.report import reason_text

    rows = [_cells(row, reason_text(row.reason)) for row in made.rows]
    widths = [max(map(cells, column)) for column in zip(HEADINGS, *rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in (HEADINGS, ["─" * width for width in widths], *rows)
    )


def _summary(made: Imported, path: Path, size: int) -> Iterator[str]:
    from archspec.backends.weights_import.report import summary_text

    tensors = counted(len(made.rows), "tensor", "tensors")
    yield f"{path}: {size / 1e6:.1f} MB, {tensors} of {summary_text(made)}"
    if made.ignored:
        names = ", ".join(made.ignored[:SHOWN]) + (", …" if len(made.ignored) > SHOWN else "")
        yield f"left out: {counted(len(made.ignored), 'layer', 'layers')} ({visible(names)})"


def _cells(row: Row, reason: str) -> tuple[str, ...]:
    return (row.name, shape_text(row.shape), visible(row.layer), reason, row.remark)


def _json(made: Imported, path: Path) -> str:
    return json.dumps(
        {
            "file": str(path),
            "tensors": [
                {
                    "name": row.name,
                    "shape": [*row.shape],
                    "layer": row.layer,
                    "found_by": row.reason,
                    "done": row.remark,
                }
                for row in made.rows
            ],
            "left_out": [*made.ignored],
            "remarks": [*made.remarks],
        },
        indent=1,
        ensure_ascii=False,
    )
