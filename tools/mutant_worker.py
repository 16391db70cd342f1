"""Judges mutants in processes of their own, so that what hangs, crashes or bloats is only counted.

Used by `tools/mutate.py`.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from mutants.judging import Verdict, judge
from mutants.making import Mutant

from archspec.cli.check import FORMATS

PATIENCE = 120
"""The seconds after which a worker hangs."""

ADDRESS_SPACE = 16 * 2**30
"""What a worker may ask for at most; PyTorch alone reserves some."""

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Judged(NamedTuple):
    """A mutant with its verdict, and the megabytes that `check` took."""

    mutant: Mutant
    verdict: Verdict
    megabytes: float = 0


def judged(mutants: Iterable[Mutant], jobs: int) -> Iterator[Judged]:
    """Yields each mutant with its verdict, judged by one of several processes."""
    numbered = iter(enumerate(mutants))
    workers = [_Worker() for _ in range(jobs)]
    busy: dict[Connection, _Worker] = {}
    try:
        while True:
            for worker in workers:
                if worker.pipe not in busy and (following := next(numbered, None)):
                    number, mutant = following
                    worker.take(mutant, FORMATS[number % len(FORMATS)])
                    busy[worker.pipe] = worker
            if not busy:
                return
            ready = wait([*busy], timeout=1)
            for pipe, worker in [*busy.items()]:
                if pipe in ready or worker.hangs():
                    del busy[pipe]
                    yield worker.judged()
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """A process that judges one mutant after the other."""

    pipe: Connection

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, inner = context.Pipe()
        self._process = context.Process(target=_work, args=(inner,), daemon=True)
        self._process.start()
        inner.close()

    def take(self, mutant: Mutant, format_: str) -> None:
        """Gives it a mutant."""
        self._mutant, self._since = mutant, time.monotonic()
        self.pipe.send((mutant, format_))

    def hangs(self) -> bool:
        """Returns whether it has been silent for too long."""
        return time.monotonic() - self._since > PATIENCE

    def judged(self) -> Judged:
        """Returns what it found; if there is nothing, it is replaced by a new process."""
        with contextlib.suppress(EOFError, OSError):
            if self.pipe.poll():
                verdict, megabytes = self.pipe.recv()
                return Judged(self._mutant, verdict, megabytes)
        what = f"hangs for {PATIENCE} s" if self._process.is_alive() else "crashes"
        self.end()
        self._start()
        return Judged(self._mutant, Verdict("failed", (f"it {what}",)))

    def end(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _work(pipe: Connection) -> None:
    """Judges what comes through a pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the one who waits for the verdicts
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    taken = 0.0

    def measured(run: Callable[[], int]) -> int:
        nonlocal taken
        gc.collect()
        before = _start_of_measure()
        gc.disable()  # as the command line does for `check`
        code = run()
        gc.enable()
        taken = _megabytes("VmHWM") - before
        return code

    with contextlib.suppress(EOFError):
        while True:
            mutant, format_ = pipe.recv()
            verdict = judge(mutant, format_, measured)
            pipe.send((verdict, taken))


def _start_of_measure() -> float:
    """Forgets the highest memory so far; returns the memory in use."""
    if not CLEAR.exists():
        return 0.0
    CLEAR.write_text("5", encoding="ascii")
    return _megabytes("VmRSS")


def _megabytes(field: str) -> float:
    """Returns a figure of this process's memory; zero where there is none, outside of Linux."""
    if not STATUS.exists():
        return 0.0
    lines = STATUS.read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024
