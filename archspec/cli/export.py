"""`archspec export`: write a spec's network, with weights, in another format."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import (
    ENVIRONMENT,
    NO,
    OK,
    USAGE,
    CommandError,
    add_spec_arguments,
    compile_from,
    note,
    output_file,
)
from archspec.cli.extras import needs
from archspec.diagnostics import SourceError, SpecError
from archspec.frontend import Compiled, compile_spec
from archspec.ir.graph import Graph, Value
from archspec.ir.totals import totals

if TYPE_CHECKING:
    import numpy as np

OPSET = 20
SEED = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    add_spec_arguments(parser)
    parser.add_argument("--onnx", action="store_true", help="write ONNX, for inference")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--weights",
        metavar="RUN|FILE",
        type=Path,
        help="a run directory, a checkpoint or a state_dict; random weights if left out",
    )
    source.add_argument(
        "--seed", metavar="N", type=_seed, help=f"seed of random weights (default: {SEED})"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_file,
        help="the file to write (default: NAME.onnx)",
    )
    parser.add_argument(
        "--opset", metavar="N", type=int, default=OPSET, help=f"ONNX's opset (default: {OPSET})"
    )


def run(args: argparse.Namespace) -> int:
    """Writes the file and says what is in it."""
    if not args.onnx:
        raise CommandError("export is not told the format", exit_code=USAGE, help="add --onnx")
    compiled = compile_from(args)
    graph = compiled.graph
    path = args.output or Path(f"{graph.stem}.onnx")
    try:
        _export(compiled, args, path)
    except MemoryError as error:
        raise CommandError("not enough memory", exit_code=ENVIRONMENT) from error
    print(f"{path}: {_size_text(path.stat().st_size)}, opset {args.opset}")
    outputs = graph.outputs.items()
    for line in [*_lines("input", graph.inputs.items()), *_lines("output", outputs)]:
        print(f"  {line}")
    counted = totals(graph)
    print(f"  {counted.params - counted.auxiliary:,} parameters")
    return OK


def _export(compiled: Compiled, args: argparse.Namespace, path: Path) -> None:
    with needs("onnx"):
        from archspec.backends.fit import MisfitError
        from archspec.backends.onnx import ExportError, OpsetError, export, require_sayable
    graph, opset = compiled.graph, args.opset
    try:
        require_sayable(graph, opset)  # before weights are made, which may be too many
        weights = _weights(graph, args.weights, args.seed)
        export(graph, weights, path, metadata=_metadata(compiled), opset=opset)
    except ExportError as error:
        code = USAGE if isinstance(error, OpsetError) else NO
        raise CommandError(error.message, exit_code=code, help=error.help) from error
    except MisfitError as error:
        help_ = error.help + _origin(args.weights, graph)
        raise CommandError(error.message, exit_code=NO, help=help_) from error
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}"
        raise CommandError(message, exit_code=ENVIRONMENT) from error


def _origin(run: Path, graph: Graph) -> str:
    """Returns what a run was made from, if it is another network."""
    try:
        name = compile_spec(str(run / "spec.yaml")).graph.name
    except (SourceError, SpecError):
        return ""
    return f"; {run} was made from {name}" if name != graph.stem else ""


def _weights(graph: Graph, source: Path | None, seed: int | None) -> dict[str, np.ndarray]:
    with needs("torch"):
        from archspec.backends.torch import memory_errors
        from archspec.backends.weights import (
            WeightsError,
            initial_weights,
            load_weights,
            to_numpy,
        )
    if source is None:
        seed = SEED if seed is None else seed
        note(f"note: without --weights the weights are random (seed {seed})")
        with memory_errors():
            return initial_weights(graph, seed)
    try:
        with memory_errors():
            return to_numpy(load_weights(source))
    except WeightsError as error:
        raise CommandError(error.message, exit_code=ENVIRONMENT, help=error.help) from error


def _metadata(compiled: Compiled) -> dict[str, str]:
    graph, text = compiled.graph, compiled.resolved
    return {
        "archspec.spec": text,
        "archspec.spec_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "archspec.name": graph.name,
        "archspec.variant": graph.variant or "",
        "archspec.version": version("archspec-nn"),
    }


def _lines(kind: str, values: Iterable[tuple[str, Value]]) -> list[str]:
    return [f"{kind:6} {name}: [{', '.join(map(str, value.type.shape))}]" for name, value in values]


def _size_text(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**63:
        raise ValueError(f"{seed} is no seed")
    return seed
