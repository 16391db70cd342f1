"""Runs ResNet-50 in float32, float16 and int8 side by side: `bench_onnx.py --int8`.

The weights are random, so it tells speed and how far logits are apart, not accuracy. Random
pictures calibrate the int8 model. ONNX Runtime computes most of float16 in float32 on processors.
"""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from originals import SHAPE, torchvision_weights
from side_by_side import interleaved, median_ratio, session

NETWORK = "resnet50"
BATCHES = (1, 8)
CALIBRATION = 2
"""Batches of 8 pictures that the ranges come from."""

WARM_UP = 3
CPU = Path("/proc/cpuinfo")


def compare_precisions(runs: int, threads: int) -> None:
    """Prints the throughput in each precision, and how it compares with float32."""
    import numpy as np
    from parity_table import graph_for

    from archspec.backends.onnx import model_of, write
    from archspec.backends.onnx.effect import difference
    from archspec.backends.onnx.half import half
    from archspec.backends.onnx.quantize import quantized

    generator = np.random.default_rng(0)
    graph = graph_for(f"torchvision_{NETWORK}", SHAPE)
    _, weights = torchvision_weights(NETWORK)
    (name,) = graph.inputs
    pictures = {
        count: {name: generator.normal(size=(count, *SHAPE)).astype(np.float32)}
        for count in BATCHES
    }
    calibration = [
        {name: generator.normal(size=(8, *SHAPE)).astype(np.float32)} for _ in range(CALIBRATION)
    ]
    full = model_of(graph, weights, metadata={})
    models = {"float32": full, "float16": half(full), "int8": quantized(full, calibration)}
    print(f"{NETWORK} on {processor()}")
    print("          batch     MB  images/s  of float32's throughput           logits apart")
    with TemporaryDirectory() as folder:
        paths = {what: Path(folder) / f"{what}.onnx" for what in models}
        for what, model in models.items():
            write(model, paths[what])
        sessions = {what: session(path, threads) for what, path in paths.items()}
        apart = {what: difference(full, model, [pictures[8]]) for what, model in models.items()}
        for count, feed in pictures.items():
            tasks = {what: partial(s.run, None, feed) for what, s in sessions.items()}
            taken = interleaved(tasks, runs, WARM_UP)
            for what, times in taken.items():
                print(
                    f"{what:9} {count:5} {paths[what].stat().st_size / 1e6:6.1f} "
                    f"{count / statistics.median(times):9.1f}  "
                    f"{median_ratio(taken['float32'], times)!s:32} {apart[what]:13.1e}",
                    flush=True,
                )


def processor() -> str:
    """Returns the processor's name, and whether it multiplies 8-bit integers by itself."""
    if not CPU.exists():
        return "a processor whose abilities are not known"
    lines = dict(line.split(":", 1) for line in CPU.read_text().splitlines() if ":" in line)
    told = {key.strip(): value.strip() for key, value in lines.items()}
    vnni = any("vnni" in flag for flag in told.get("flags", "").split())
    return f"{told.get('model name', 'a processor')}, {'with' if vnni else 'without'} VNNI"
