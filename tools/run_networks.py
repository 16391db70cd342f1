"""Builds, runs, exports and draws every network that ships with archspec, at its full size.

    .venv/bin/python tools/run_networks.py [--plain] [PATTERN]

Each is built in PyTorch with random weights and run on random inputs of the size that its spec
says: for training on two, which make the statistics of its normalisation, then for inference on
two others. ONNX Runtime runs the exported file on the first of these. Times are seconds, those of
`torch` and `onnx` with loading; `graph` is compiling the spec. `difference` is max|a - b| / max|a|
between the outputs of the two, at most 1e-4; `inputs` is the same between the scores (what a
softmax at the end takes) of the two inputs, and more than that. The exit code is 1 if a network
fails.

With --plain, PyTorch's own tools take each network instead: `deepcopy`, `pickle`, `torch.compile`
(one whole graph, without a compiler behind it) and `torch.export`, which all have to come to its
outputs for one example; in `step`, a compiled step of training on two has to reach every weight.
Large networks take a minute or two each.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import torch
from execution import difference, run_onnx, run_torch, settled_weights, strong_inputs, watched
from plain_modules import TOOLS, trial_inputs, weights_without_gradient

from archspec.backends.onnx import export
from archspec.backends.torch import build
from archspec.cli import main as archspec
from archspec.cli.list import Row, rows
from archspec.frontend import compile_spec
from archspec.frontend.shipped import shipped_specs

SIZES = {"batch": 1, "T": 16, "H": 64, "W": 60}
"""Sizes for the names that inputs have."""

TOLERANCE = 1e-4
COLUMNS = ("network", "parameters", "graph", "train", "torch", "export", "MB", "onnx", "draw", "kB",
           "difference", "inputs")  # fmt: skip
WIDTHS = (26, 12, 6, 6, 6, 6, 6, 6, 6, 6, 10, 8)
PLAIN_COLUMNS = ("network", "parameters", "run", *TOOLS, "step", "plain")
PLAIN_WIDTHS = (26, 12, *(8 for _ in PLAIN_COLUMNS[2:]))


def main() -> int:
    """Prints a line for each network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pattern", nargs="?", default="*", metavar="PATTERN")
    parser.add_argument("--plain", action="store_true", help="try PyTorch's own tools on each")
    args = parser.parse_args()
    print_row(*((PLAIN_COLUMNS, PLAIN_WIDTHS) if args.plain else (COLUMNS,)))
    failed = 0
    for row in rows():
        if fnmatchcase(row.entry.name, args.pattern):
            with TemporaryDirectory() as folder:
                failed += not (is_plain(row) if args.plain else is_sound(row, Path(folder)))
    return min(failed, 1)


def is_plain(row: Row) -> bool:
    """Prints how long PyTorch's tools take with a network and returns whether all take it."""
    seconds: dict[str, float] = {}
    entry = row.entry
    graph = compile_spec(str(shipped_specs()[entry.spec]), variant=entry.variant).graph
    network, inputs = build(graph).eval(), trial_inputs(graph)
    faults = []
    with torch.no_grad():
        with timed(seconds, "run"):
            expected = network(**inputs)
        for name, tool in TOOLS.items():
            with timed(seconds, name):
                try:
                    torch.testing.assert_close(tool(network, inputs)(**inputs), expected)
                except Exception as error:  # noqa: BLE001 - whatever the tool says of it
                    faults.append(f"{entry.name}, {name}: {error}")
    two = {name: torch.cat([one, one]) for name, one in inputs.items()}
    with timed(seconds, "step"):
        try:
            left_out = weights_without_gradient(network.train(), two)
            faults += [f"{entry.name}, step: {name} has no gradient" for name in left_out]
        except Exception as error:  # noqa: BLE001 - as above
            faults.append(f"{entry.name}, step: {error}")
    cells = {
        "network": entry.name,
        "parameters": f"{row.params:,}",
        "plain": "no" if faults else "yes",
    } | {name: f"{value:.2f}" for name, value in seconds.items()}
    print_row([cells[column] for column in PLAIN_COLUMNS], PLAIN_WIDTHS)
    for fault in faults:
        print(fault, file=sys.stderr, flush=True)
    return not faults


def is_sound(row: Row, folder: Path) -> bool:
    """Prints the line of a network and returns whether all went well."""
    seconds: dict[str, float] = {}
    entry = row.entry
    with timed(seconds, "graph"):
        spec = compile_spec(str(shipped_specs()[entry.spec]), variant=entry.variant)
    graph = watched(spec.graph)
    model, picture = folder / "net.onnx", folder / "net.svg"
    first, second = (strong_inputs(graph, SIZES, seed) for seed in (1, 2))
    with timed(seconds, "train"):
        weights = settled_weights(graph, SIZES | {"batch": 2})
    with timed(seconds, "torch"):
        expected = run_torch(graph, weights, first)
    other = run_torch(graph, weights, second)
    with timed(seconds, "export"):
        export(graph, weights, model, metadata={})
    with timed(seconds, "onnx"):
        given = run_onnx(model, first)
    variant = ["--variant", entry.variant] if entry.variant else []
    with timed(seconds, "draw"), contextlib.redirect_stdout(io.StringIO()):
        drawn = archspec(["draw", entry.spec, *variant, "-o", str(picture)])
    apart = max(difference(expected[name], given[name]) for name in expected)
    *_, scores = expected
    visible = difference(expected[scores], other[scores])
    cells = {
        "network": entry.name,
        "parameters": f"{row.params:,}",
        "MB": f"{model.stat().st_size / 1e6:.1f}",
        "kB": f"{picture.stat().st_size / 1e3:.0f}",
        "difference": f"{apart:.1e}",
        "inputs": f"{visible:.1e}",
    } | {name: f"{value:.2f}" for name, value in seconds.items()}
    print_row([cells[column] for column in COLUMNS])
    return drawn == 0 and apart <= TOLERANCE < visible


@contextlib.contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Takes note of how long something takes."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def print_row(cells: Sequence[str], widths: Sequence[int] = WIDTHS) -> None:
    """Prints a row of the table, the first column on the left."""
    first, *others = zip(cells, widths, strict=True)
    print(first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others), flush=True)


if __name__ == "__main__":
    sys.exit(main())
