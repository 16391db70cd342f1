"""Builds, runs, exports and draws every network that ships with archspec, at its full size.

    .venv/bin/python tools/run_networks.py [PATTERN]

Each is built in PyTorch with random weights and statistics and run on two random inputs of the
size that its spec says; ONNX Runtime runs the exported file on the first of them. Times are
seconds, those of `torch` and `onnx` with loading; `graph` is compiling the spec. `difference` is
max|a - b| / max|a| between the outputs of the two, at most 1e-4; `inputs` is the same between the
outputs for the two inputs, and more than that. The exit code is 1 if a network fails.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from execution import balanced_weights, difference, run_onnx, run_torch, strong_inputs

from archspec.backends.onnx import export
from archspec.cli import main as archspec
from archspec.cli.list import Row, rows
from archspec.frontend import compile_spec
from archspec.frontend.shipped import shipped_specs

SIZES = {"batch": 1, "T": 16}
"""Sizes for the names that inputs have."""

TOLERANCE = 1e-4
COLUMNS = ("network", "parameters", "graph", "torch", "export", "MB", "onnx", "draw", "kB",
           "difference", "inputs")  # fmt: skip
WIDTHS = (24, 12, 6, 6, 6, 6, 6, 6, 6, 10, 8)


def main(pattern: str = "*") -> int:
    """Prints a line for each network."""
    print_row(COLUMNS)
    failed = 0
    for row in rows():
        if fnmatchcase(row.entry.name, pattern):
            with TemporaryDirectory() as folder:
                failed += not is_sound(row, Path(folder))
    return min(failed, 1)


def is_sound(row: Row, folder: Path) -> bool:
    """Prints the line of a network and returns whether all went well."""
    seconds: dict[str, float] = {}
    entry = row.entry
    with timed(seconds, "graph"):
        graph = compile_spec(str(shipped_specs()[entry.spec]), variant=entry.variant).graph
    weights, model, picture = balanced_weights(graph), folder / "net.onnx", folder / "net.svg"
    first, second = (strong_inputs(graph, SIZES, seed) for seed in (1, 2))
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
    visible = min(difference(expected[name], other[name]) for name in expected)
    times = {name: f"{value:.2f}" for name, value in seconds.items()}
    print_row((
        entry.name, f"{row.params:,}", times["graph"], times["torch"], times["export"],
        f"{model.stat().st_size / 1e6:.1f}", times["onnx"], times["draw"],
        f"{picture.stat().st_size / 1e3:.0f}", f"{apart:.1e}", f"{visible:.1e}",
    ))  # fmt: skip
    return drawn == 0 and apart <= TOLERANCE < visible


@contextlib.contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Takes note of how long something takes."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def print_row(cells: tuple[str, ...]) -> None:
    """Prints a row of the table, the first column on the left."""
    first, *others = zip(cells, WIDTHS, strict=True)
    print(first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others), flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
