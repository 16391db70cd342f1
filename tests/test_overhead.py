"""What Lightning is told to leave out: only what does nothing, and only where it may be."""

from __future__ import annotations

import lightning
import pytest
from lightning import Callback, LightningModule

from archspec.training.loop import overhead
from archspec.training.loop.overhead import KNOWN, STEP_HOOKS, skip_empty_hooks


class Counter(Callback):
    """Counts what comes after each batch."""

    def __init__(self) -> None:
        self.counted = 0

    def on_train_batch_end(self, *_: object) -> None:
        self.counted += 1


def left_out(part: Callback | LightningModule) -> set[str]:
    return {hook for hook in STEP_HOOKS if not callable(getattr(part, hook))}


def test_hooks_that_do_something_are_kept() -> None:
    counter, module = Counter(), LightningModule()
    skip_empty_hooks(counter, module)
    assert left_out(counter) == {*STEP_HOOKS} - {"on_train_batch_end"}
    assert left_out(module) == {*STEP_HOOKS}


def test_another_lightning_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    # This one was tried: whoever raises the version looks whether it still passes them over.
    assert lightning.__version__.startswith(KNOWN)
    monkeypatch.setattr(overhead, "KNOWN", "0.")
    counter = Counter()
    skip_empty_hooks(counter)
    assert not left_out(counter)
