"""What is done without interruption is done whole, and the interruption comes then."""

from __future__ import annotations

import signal
from threading import Thread

import pytest

from archspec.training.record.uninterrupted import uninterrupted


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_waits(name: str) -> None:
    number, done = getattr(signal, name), []
    before = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), uninterrupted():
            signal.raise_signal(number)
            done.append("all of it")
        assert done == ["all of it"]
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


def test_what_a_process_ignores_it_goes_on_to_ignore() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_error_is_told_and_the_signals_are_as_before() -> None:
    with pytest.raises(ValueError, match="wrong"), uninterrupted():
        raise ValueError("wrong")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_are_not_interrupted_anyway() -> None:
    done: list[str] = []

    def work() -> None:
        with uninterrupted():
            done.append("all of it")

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["all of it"]
