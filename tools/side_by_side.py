"""Timing several things side by side, so that whatever else the machine does meets all alike."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import onnxruntime as ort

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A median, and the interval that holds the true one with a probability of 95 %."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3f} (95 %: {self.low:.3f} to {self.high:.3f})"


def interleaved(
    tasks: Mapping[str, Callable[[], object]], runs: int, warm_up: int = 0
) -> dict[str, list[float]]:
    """Returns the seconds that each task took, run after run, the first one in turn."""
    names = [*tasks]
    taken: dict[str, list[float]] = {name: [] for name in names}
    for run in range(-warm_up, runs):
        turn = run % len(names)
        for name in names[turn:] + names[:turn]:
            start = time.perf_counter()
            tasks[name]()
            seconds = time.perf_counter() - start
            if run >= 0:
                taken[name].append(seconds)
    return taken


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Returns the median of the ratios of runs that were next to each other."""
    return median_interval([a / b for a, b in zip(ours, theirs, strict=True)])


def median_interval(values: Iterable[float]) -> Interval:
    """Returns the median of values; how many are below the true one is binomial."""
    ordered = sorted(values)
    count, left_out, below = len(ordered), 0, 0.0
    while True:
        below += math.comb(count, left_out) / 2**count
        if below > (1 - CONFIDENCE) / 2:
            break
        left_out += 1
    first = max(left_out - 1, 0)
    return Interval(ordered[first], statistics.median(ordered), ordered[count - 1 - first])


def session(path: Path, threads: int = 0) -> ort.InferenceSession:
    """Returns a session on the processor; with 0 threads, one for each core."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # The idle threads of one session would otherwise take the processor from the next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
