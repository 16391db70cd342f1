"""What must not be left half done when a run is interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Keeps signals that interrupt until what is done within has been done."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no other thread is interrupted, nor may say what signals do
        return
    came: list[int] = []
    known = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in known}
    heard = [number for number, handler in before.items() if callable(handler)]
    try:
        for number in heard:
            signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
    for number in came:
        signal.raise_signal(number)
