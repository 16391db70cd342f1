"""How long `archspec check` takes on large networks.

    .venv/bin/python tools/bench_nodes.py [NODES]

Times whole processes from compiled byte code, as pip installs it, and prints

- networks of five layers, and of a quarter, a half and all of NODES (100,000), once as blocks
  that are repeated and once with every layer written out. The budget for 100,000 repeated
  layers is 5 s, and what a layer adds to the time of five should not grow;
- ResNet-152 beside LeNet-5. The budget is 1.5 times as long, and 0.1 s.
"""

from __future__ import annotations

import compileall
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_startup import ROOT, seconds

RUNS = 3
PAIRED_RUNS = 11
ARCHSPEC = str(Path(sys.executable).with_name("archspec"))
HEAD = "name: large\ninputs: {image: [8, 16, 16]}\n"
BLOCK = (
    "blocks:\n"
    "  unit:\n"
    "    params: {kernel: 3}\n"
    "    layers:\n"
    "      - residual:\n"
    "          - conv2d: {out_channels: 8, kernel_size: =kernel, padding: =kernel // 2,\n"
    "                     bias: false}\n"
    "          - batch_norm\n"
    "          - tanh\n"
    "      - relu\n"
)
LAYERS_OF_UNIT = 5
WRITTEN = (
    "  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1, bias: false}\n  - batch_norm\n"
    "  - relu\n  - dropout: 0.1\n  - tanh\n"
)


def repeated(nodes: int) -> str:
    """Returns a network of repeated blocks."""
    return f"{HEAD}{BLOCK}layers:\n  - unit: {{repeat: {nodes // LAYERS_OF_UNIT}}}\n"


def written_out(nodes: int) -> str:
    """Returns a network with a line for every layer."""
    return f"{HEAD}layers:\n{WRITTEN * (nodes // LAYERS_OF_UNIT)}"


def main(nodes: int) -> None:
    """Prints the times."""
    compileall.compile_dir(ROOT / "archspec", quiet=2)
    with TemporaryDirectory() as folder:
        spec = Path(folder) / "large.yaml"
        for what, generate in (("repeated", repeated), ("written out", written_out)):
            start = 0.0
            for count in (LAYERS_OF_UNIT, nodes // 4, nodes // 2, nodes):
                spec.write_text(generate(count), encoding="utf-8")
                command = [ARCHSPEC, "check", str(spec), "--max-nodes", str(count)]
                command += ["--max-values", str(10 * nodes)]
                taken = statistics.median(seconds(command) for _ in range(RUNS))
                start = start or taken
                each = (taken - start) / count * 1e6
                print(f"{what:12} {count:8,} layers {taken:7.2f} s {each:7.1f} µs more a layer")
    small, large = [], []
    for _ in range(PAIRED_RUNS):
        small.append(seconds([ARCHSPEC, "check", "lenet5"]))
        large.append(seconds([ARCHSPEC, "check", "resnet", "--variant", "resnet152"]))
    low, high = statistics.median(small), statistics.median(large)
    budget = 1.5 * low + 0.1
    print(f"lenet5 {low:.3f} s, resnet152 {high:.3f} s: {high / low:.2f} ×, budget {budget:.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
