"""`archspec verify`: the same weights through every backend, compared."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from archspec.cli.common import (
    ENVIRONMENT,
    NO,
    OK,
    CommandError,
    add_spec_arguments,
    compile_from,
    note,
)
from archspec.cli.extras import needs
from archspec.cli.given_weights import add_weight_arguments, source_of, weights_from
from archspec.cli.progress import progress
from archspec.cli.termination import interrupted_by_signals
from archspec.frontend import Compiled
from archspec.ir.graph import Graph

if TYPE_CHECKING:
    import numpy as np

    from archspec.backends.counts import Counts
    from archspec.backends.trial import Say
    from archspec.backends.verify import Proof, Remake

HEADINGS = ("backend", "parameters", "statistics", "differs by")


class Row(NamedTuple):
    """What there is to say of one backend.

    Attributes:
        backend: What it is called.
        counts: What it has, if that can be counted in it.
        proof: That it computes what PyTorch does, if it is not PyTorch.
        fault: Why it does not.
    """

    backend: str
    counts: Counts | None = None
    proof: Proof | None = None
    fault: CommandError | None = None

    def cells(self) -> list[str]:
        """Returns the row of the table."""
        numbers = [f"{number:,}" for number in self.counts] if self.counts else ["", ""]
        differs = f"{self.proof.difference:.1e}" if self.proof else "not proved" * bool(self.fault)
        return [self.backend, *numbers, differs]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    add_spec_arguments(parser)
    add_weight_arguments(parser)
    parser.add_argument(
        "--onnx",
        metavar="FILE",
        type=Path,
        help="prove that this model computes what PyTorch does with these weights, instead of "
        "models made on the spot",
    )


def run(args: argparse.Namespace) -> int:
    """Proves, prints a table and says what does not hold."""
    compiled = compile_from(args)
    with needs("onnx"):
        import archspec.backends.verify  # noqa: F401 - so that a missing library is named
    graph = compiled.graph
    try:
        if args.onnx:
            _require_spec(compiled, args.onnx)
        weights = weights_from(graph, source_of(args), args.seed)
        rows = [*_counted(graph)]
        with interrupted_by_signals(), progress() as say:
            rows += (
                [_file_row(graph, weights, args.onnx, say)]
                if args.onnx
                else _made(graph, weights, say)
            )
    except MemoryError as error:
        raise CommandError("not enough memory", exit_code=ENVIRONMENT) from error
    _print_table([HEADINGS, *(row.cells() for row in rows)])
    return _judge(rows)


def proved(
    graph: Graph,
    weights: Mapping[str, np.ndarray],
    path: Path,
    remake: Remake | None,
    say: Say,
) -> Proof:
    """Returns the proof that a file computes what PyTorch does.

    The arguments are those of `archspec.backends.verify.verified`.

    Raises:
        CommandError: It does not, or that could not be found out.
        MemoryError: There is too little memory.
    """
    with needs("onnx"):
        from archspec.backends.verify import verified
    with proof_errors():
        return verified(graph, weights, path, remake=remake, say=say)


@contextmanager
def proof_errors() -> Iterator[None]:
    """Makes what may go wrong in a proof the command's answer.

    Raises:
        CommandError: Something did.
    """
    from archspec.backends.comparison import NotProvedError
    from archspec.backends.metadata import AlteredError
    from archspec.backends.onnx import ExportError
    from archspec.backends.onnx_file import WrongModelError
    from archspec.backends.trial_sizes import NoSizesError

    try:
        yield
    except (AlteredError, ExportError, NoSizesError, NotProvedError, WrongModelError) as error:
        raise CommandError(error.message, exit_code=NO, help=error.help) from error
    except OSError as error:
        place = error.filename or tempfile.gettempdir()
        message = f"cannot read or write {place}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error


def _require_spec(compiled: Compiled, path: Path) -> None:
    """Checks that a file's spec was not changed, and says so if it is another one."""
    from archspec.backends.metadata import stored_spec
    from archspec.backends.onnx_file import metadata_of

    with proof_errors():
        text = stored_spec(metadata_of(path), str(path))
    if text not in (None, compiled.resolved):
        note(f"note: {path} was exported from another spec, or with other settings")


def _counted(graph: Graph) -> list[Row]:
    from archspec.backends.counts import counts_in_torch, counts_of_spec

    return [Row("spec", counts_of_spec(graph)), Row("PyTorch", counts_in_torch(graph))]


def _file_row(graph: Graph, weights: Mapping[str, np.ndarray], path: Path, say: Say) -> Row:
    try:
        return Row(str(path), proof=proved(graph, weights, path, None, say))
    except CommandError as error:
        return Row(str(path), fault=error)


def _made(graph: Graph, weights: Mapping[str, np.ndarray], say: Say) -> Iterator[Row]:
    """Yields a row for each way to write the network as ONNX."""
    from archspec.backends.counts import counts_in_onnx
    from archspec.backends.onnx import NEWEST_OPSET, OPSET, PASSES_BY_DEFAULT, export

    ways = [(OPSET, ()), (OPSET, PASSES_BY_DEFAULT), (NEWEST_OPSET, PASSES_BY_DEFAULT)]
    for opset, passes in ways:
        backend = f"ONNX, opset {opset}" + (", optimised" if passes else "")
        write = partial(export, graph, metadata={}, opset=opset, passes=passes)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{graph.stem}.onnx"
            try:
                with proof_errors():
                    write(weights, path)
                proof = proved(graph, weights, path, write, say)
            except CommandError as error:
                yield Row(backend, fault=error)
                continue
            yield Row(backend, None if passes else counts_in_onnx(graph, path), proof)


def _print_table(table: list[tuple[str, ...] | list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for name, *numbers in table:
        cells = [n.rjust(width) for n, width in zip(numbers, widths[1:], strict=True)]
        print("  ".join([name.ljust(widths[0]), *cells]).rstrip())


def _judge(rows: list[Row]) -> int:
    """Says what was proved.

    Raises:
        CommandError: A backend was not proved, or has other weights than the spec says.
    """
    for row in rows:
        if row.fault:
            raise row.fault
    said = rows[0].counts
    for row in rows:
        if row.counts not in (None, said):
            raise CommandError(
                f"{row.backend} has other numbers of parameters or statistics than the spec says",
                exit_code=NO,
                help="an operator declares other tensors than its lowering uses",
            )
    print()
    for line in max((row.proof for row in rows if row.proof), key=_difference).lines():
        print(line)
    return OK


def _difference(proof: Proof) -> float:
    return proof.difference
