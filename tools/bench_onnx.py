"""Exports networks to ONNX side by side with PyTorch's two exporters, and runs the files.

    .venv/bin/python tools/bench_onnx.py [--runs N] [--batch N] [--threads N] [--int8] [NETWORK …]

The networks are torchvision's; their weights and random statistics are imported into ours, and all
logits must agree. Of each of the three exporters it prints how long the export takes (of several,
the median; ours is without verification, but with compiling the spec), the size of the file, its
nodes, and how long ONNX Runtime takes to load it and to run it. The ratio is ours to the better of
theirs. Latencies are medians of interleaved runs. A file is loaded anew every few of them, for
where its weights happen to lie in memory moves all runs of a session by half a percent.

With `--int8` it compares ResNet-50 in float32, float16 and int8 instead (`bench_precision.py`).

torchvision needs another PyTorch than the project's: see `originals.py`.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from originals import SHAPE, enter_environment, torchvision_weights
from side_by_side import interleaved, median_ratio, session

if TYPE_CHECKING:
    import numpy as np

NETWORKS = ("googlenet", "resnet50", "resnet152", "densenet201")
"""What torchvision calls them."""

OPSET = 20
TOLERANCE = 1e-4
WARM_UP = 1
LOADS = 15
EXPORTS = {"archspec": 5, "dynamo": 1, "torchscript": 3}
"""How often each exporter runs."""

Exporter = Callable[[Path], object]


class Row(NamedTuple):
    """What is known of an exporter and its file.

    Attributes:
        export: Seconds for the export.
        size: Bytes of the file.
        nodes: The nodes in it.
        loads: Seconds for loading it, each time.
        runs: Seconds for running it: the median of the runs after each loading.
        difference: How far its logits are from torch's, as a share of the largest.
    """

    export: float
    size: int
    nodes: int
    loads: Sequence[float]
    runs: Sequence[float]
    difference: float


def main(arguments: Sequence[str]) -> int:
    """Prints the tables; returns 1 if logits do not agree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    parser.add_argument("--runs", type=int, default=60, help="timed runs (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=1, help="examples per run (default: 1)")
    parser.add_argument("--threads", type=int, default=0, help="threads (default: one per core)")
    parser.add_argument("--int8", action="store_true", help="compare precisions instead")
    args = parser.parse_args(arguments)
    if unknown := {*args.networks} - {*NETWORKS}:
        parser.error(f"unknown networks: {', '.join(sorted(unknown))}")
    enter_environment()
    warnings.simplefilter("ignore")  # the exporters' own
    if args.int8:
        from bench_precision import compare_precisions

        compare_precisions(args.runs, args.threads)
        return 0
    warm_up()
    agree = [compare(name, args) for name in args.networks or NETWORKS]
    return int(not all(agree))


def warm_up() -> None:
    """Lets all exporters import what they need."""
    import torch

    import archspec.backends.onnx  # noqa: F401

    for dynamo in (True, False):
        with TemporaryDirectory() as folder:
            torch.onnx.export(torch.nn.Linear(1, 1), (torch.zeros(2, 1),), Path(folder) / "x.onnx",
                              dynamo=dynamo, verbose=False)  # fmt: skip


def compare(name: str, args: argparse.Namespace) -> bool:
    """Prints the table of a network and returns whether all logits agree."""
    network, weights = torchvision_weights(name)
    with TemporaryDirectory() as folder:
        rows = measure(network, exporters(name, network, weights), args, Path(folder))
    print(f"\n{name}: batch {args.batch}, {args.runs} runs")
    print("             export s     MB  nodes  load ms    run ms  difference")
    for what, row in rows.items():
        load, run = (1e3 * statistics.median(times) for times in (row.loads, row.runs))
        print(
            f"{what:12} {row.export:8.3f} {row.size / 1e6:6.1f} {row.nodes:6} {load:8.0f} "
            f"{run:9.2f} {row.difference:11.1e}"
        )
    print_goals(rows)
    return all(row.difference <= TOLERANCE for row in rows.values())


def measure(
    network: Any,  # noqa: ANN401
    exporters: Mapping[str, Exporter],
    args: argparse.Namespace,
    folder: Path,
) -> dict[str, Row]:
    """Returns the figures of each exporter."""
    import onnx
    import torch

    paths = {what: folder / f"{what}.onnx" for what in exporters}
    exports = {what: seconds(exporters[what], paths[what], EXPORTS[what]) for what in exporters}
    example = torch.randn(args.batch, *SHAPE, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = network(example).numpy()
    loads: dict[str, list[float]] = {what: [] for what in paths}
    runs: dict[str, list[float]] = {what: [] for what in paths}
    logits = {}
    for _ in range(LOADS):
        sessions = {}
        for what, path in paths.items():
            start = time.perf_counter()
            sessions[what] = session(path, args.threads)
            loads[what].append(time.perf_counter() - start)
        feeds = {what: {s.get_inputs()[0].name: example.numpy()} for what, s in sessions.items()}
        logits = {what: s.run(None, feeds[what])[0] for what, s in sessions.items()}
        tasks = {what: partial(s.run, None, feeds[what]) for what, s in sessions.items()}
        for what, taken in interleaved(tasks, math.ceil(args.runs / LOADS), WARM_UP).items():
            runs[what].append(statistics.median(taken))
    return {
        what: Row(
            exports[what],
            path.stat().st_size,
            len(onnx.load(path).graph.node),
            loads[what],
            runs[what],
            float(abs(logits[what] - expected).max() / abs(expected).max()),
        )
        for what, path in paths.items()
    }


def exporters(
    name: str,
    network: Any,  # noqa: ANN401
    weights: Mapping[str, np.ndarray],
) -> dict[str, Exporter]:
    """Returns what writes the network to a file, by name."""
    import torch
    from parity_table import graph_for

    from archspec.backends.onnx import export

    example = torch.zeros(2, *SHAPE)

    def archspec(path: Path) -> None:
        graph = graph_for(f"torchvision_{name}", SHAPE)
        export(graph, weights, path, metadata={}, opset=OPSET)

    def dynamo(path: Path) -> None:
        batch = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(network, (example,), path, dynamo=True, dynamic_shapes=batch,
                          external_data=False, opset_version=OPSET, verbose=False)  # fmt: skip

    def torchscript(path: Path) -> None:
        torch.onnx.export(network, (example,), path, dynamo=False, input_names=["image"],
                          dynamic_axes={"image": {0: "batch"}}, opset_version=OPSET)  # fmt: skip

    return {"archspec": archspec, "dynamo": dynamo, "torchscript": torchscript}


def seconds(exporter: Exporter, path: Path, times: int) -> float:
    """Returns how long an export takes."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        exporter(path)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def print_goals(rows: Mapping[str, Row]) -> None:
    """Prints how ours does beside the others."""
    ours = rows["archspec"]
    theirs = {what: row for what, row in rows.items() if row is not ours}
    faster = [f"{row.export / ours.export:.0f} × as fast as {w}" for w, row in theirs.items()]
    print(f"  export: {', '.join(faster)}")
    better = min(theirs, key=lambda what: statistics.median(theirs[what].runs))
    print(f"  run: {median_ratio(ours.runs, theirs[better].runs)} of the time of {better}")
    fewest = min(row.nodes for row in theirs.values())
    print(f"  nodes: {ours.nodes - fewest:+} beside the fewest of theirs", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
