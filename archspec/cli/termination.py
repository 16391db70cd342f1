"""Being told to end, which is an interruption: what was begun is cleared away."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl-C, a shutdown or `timeout`, and a terminal that is closed."""

USUAL = (signal.SIG_DFL, signal.default_int_handler)
"""What a process does at a signal if it was not started to do anything else."""


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Makes what ends a process raise `KeyboardInterrupt`, once.

    Signals that the process was started to ignore, as by `nohup`, are still ignored.

    Raises:
        KeyboardInterrupt: A signal came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # no other thread may say what signals do
        return
    known = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in known}
    ours = [number for number, handler in before.items() if handler in USUAL]
    came: list[int] = []

    def interrupt(number: int, _: object) -> NoReturn:
        came.append(number)
        for each in ours:  # a second one must not end the clearing away
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    try:
        for number in ours:
            signal.signal(number, interrupt)
        yield
    except Exception as error:
        if came:  # which an import of compiled code makes an ImportError
            raise KeyboardInterrupt from error
        raise
    finally:
        for number in ours:
            signal.signal(number, before[number])
