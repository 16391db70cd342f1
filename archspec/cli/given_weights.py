"""`--weights` and `--seed`: the weights that a command works with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.common import ENVIRONMENT, NO, CommandError, note
from archspec.cli.extras import needs
from archspec.diagnostics import SourceError, SpecError
from archspec.frontend import compile_spec
from archspec.ir.graph import Graph

if TYPE_CHECKING:
    import numpy as np

SEED = 0


def add_weight_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --weights and --seed, which exclude each other."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--weights",
        metavar="RUN|FILE",
        type=Path,
        help="a run directory, a checkpoint, a state_dict or a .safetensors file; "
        "if left out, those of a run that is given as SPEC, or else random ones",
    )
    source.add_argument(
        "--seed", metavar="N", type=_seed, help=f"seed of random weights (default: {SEED})"
    )


def source_of(args: argparse.Namespace) -> Path | None:
    """Returns where weights are: as `--weights` says, or in a run that is given as the spec."""
    run = Path(args.spec)
    own = args.weights is None and args.seed is None and (run / "spec.yaml").is_file()
    return run if own else args.weights


def weights_from(graph: Graph, source: Path | None, seed: int | None) -> dict[str, np.ndarray]:
    """Returns the weights that the arguments name, which are those of the graph.

    PyTorch is needed for all but a .safetensors file.

    Raises:
        CommandError: They cannot be had, or are those of another network.
        MemoryError: There is too little memory.
    """
    if source is None:
        with needs("torch"):
            from archspec.backends.torch import memory_errors
            from archspec.backends.weights import initial_weights
        seed = SEED if seed is None else seed
        if any(p.kind == "weight" for node in graph.nodes for p in node.parameters().values()):
            note(f"note: without --weights the weights are random (seed {seed})")
        with memory_errors():
            return initial_weights(graph, seed)
    with needs("torch"):
        from archspec.backends.fit import MisfitError, WeightsError, check_fits
    try:
        weights = _read(source)
        check_fits(graph, weights)
    except MisfitError as error:
        help_ = error.help + _origin(source, graph)
        raise CommandError(error.message, exit_code=NO, help=help_) from error
    except WeightsError as error:
        raise CommandError(error.message, exit_code=ENVIRONMENT, help=error.help) from error
    return weights


def _read(source: Path) -> dict[str, np.ndarray]:
    with needs("torch"):
        from archspec.backends.tensor_file import is_tensor_file, read_tensors
    if is_tensor_file(source):
        return read_tensors(source)
    with needs("torch"):
        from archspec.backends.torch import memory_errors
        from archspec.backends.weights import load_weights, to_numpy
    with memory_errors():
        return to_numpy(load_weights(source))


def _origin(source: Path, graph: Graph) -> str:
    """Returns what a run was made from, if it is another network."""
    try:
        name = compile_spec(str(source / "spec.yaml")).graph.name
    except (SourceError, SpecError):
        return ""
    return f"; {source} was made from {name}" if name != graph.stem else ""


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**63:
        raise ValueError(f"{seed} is no seed")
    return seed
