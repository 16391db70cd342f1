"""What is seen of a run while it trains: one bar on a terminal, plain lines elsewhere.

Lightning's own bar begins anew with each epoch, which for small data is many times a second.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm
from torch.utils.data import DataLoader

from archspec.diagnostics.counted import counted
from archspec.training.data.examples import Batch
from archspec.training.record.measures import shown, title

LINES = 10
"""About how many lines of progress a run prints where there is no terminal."""

PATIENCE = 30.0
"""The most seconds without a line, unless an epoch takes longer."""

REFRESH = 0.1
"""Seconds between two pictures of the bar; more often would flicker, and cost time."""

SHORTEST = 6
"""The fewest cells that the bar itself is drawn with."""


def progress_callback(label: str = "", total: int | None = None) -> Callback:
    """Returns what shows progress on stderr: a bar on a terminal, else lines.

    Args:
        label: What comes before the epoch, such as `fold 2/5`.
        total: How many epochs the whole run has, if this trains a part of it.
    """
    return ProgressBar(label, total) if sys.stderr.isatty() else ProgressLines(label, total)


class Pace:
    """How fast a run is, and how long it will still take."""

    def __init__(self, trainer: Trainer, epochs: int) -> None:
        per_epoch, until = trainer.num_training_batches, trainer.max_epochs or -1
        known = math.isfinite(per_epoch) and until > 0
        self.total = int(per_epoch) * epochs if known else None
        self._end = int(per_epoch) * until if known else None
        self._part = " in this phase" if until < epochs else ""
        self.done = self._first = trainer.fit_loop.total_batch_idx + 1
        self._began, self._kind = time.monotonic(), "examples"
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Measures the speed anew, from here on."""
        self._examples, self._since, self._last = 0, time.monotonic(), 0.0

    def add(self, batch: Batch) -> None:
        """Counts a batch."""
        inputs = batch[0]
        self.done += 1
        self._examples += len(inputs)
        self._last = time.monotonic()
        self._kind = "images" if inputs.ndim == 4 else "examples"

    @property
    def speed(self) -> str:
        """Examples per second of training in this epoch, such as `1,200 images/s`."""
        passed = self._last - self._since
        if passed <= 0:
            return ""
        rate = self._examples / passed
        return f"{rate:,.0f} {self._kind}/s" if rate >= 10 else f"{rate:.2g} {self._kind}/s"

    @property
    def left(self) -> str:
        """The time that is left, validation included, such as `2:05 left`."""
        made = self.done - self._first
        if self._end is None or not made:
            return ""
        seconds = (time.monotonic() - self._began) / made * (self._end - self.done)
        return f"{Tqdm.format_interval(max(0, round(seconds)))} left{self._part}"


class Progress(Callback):
    """Counts the epochs of the whole run, and says when it is tested."""

    def __init__(self, label: str = "", total: int | None = None) -> None:
        self._label, self._total = label, total

    def _epochs(self, trainer: Trainer) -> int:
        return self._total or trainer.max_epochs or 0

    def on_test_start(self, trainer: Trainer, *_: object) -> None:
        """Says so, as of many examples it takes a while."""
        batches = trainer.test_dataloaders
        if trainer.is_global_zero and isinstance(batches, DataLoader):
            number = counted(len(batches.dataset), "example", "examples")  # type: ignore[arg-type]
            print(f"testing on {number}", file=sys.stderr, flush=True)


class ProgressLines(Progress):
    """Prints about ten lines over the whole run, and one at least every half minute."""

    def __init__(self, label: str = "", total: int | None = None) -> None:
        super().__init__(f"{label}  " if label else "", total)
        self._printed, self._at = 0, time.monotonic()

    def on_train_start(self, trainer: Trainer, *_: object) -> None:
        """Starts the clock."""
        self._pace, self._at = Pace(trainer, self._epochs(trainer)), time.monotonic()

    def on_train_epoch_start(self, *_: object) -> None:
        """Measures the speed anew."""
        self._pace.begin_epoch()

    def on_train_batch_end(
        self, _trainer: object, _module: object, _outputs: object, batch: Batch, _index: int
    ) -> None:
        """Counts a batch."""
        self._pace.add(batch)

    def on_train_epoch_end(self, trainer: Trainer, *_: object) -> None:
        """Prints a line, if it is time for one."""
        epoch = trainer.current_epoch + 1
        due = epoch % math.ceil(self._epochs(trainer) / LINES) == 0 or epoch == trainer.max_epochs
        if due or time.monotonic() - self._at > PATIENCE:
            self._print(trainer, epoch)

    def on_train_end(self, trainer: Trainer, *_: object) -> None:
        """Prints the line of the last epoch, also of a run that was stopped early."""
        if trainer.current_epoch > self._printed:
            self._print(trainer, trainer.current_epoch)

    def _print(self, trainer: Trainer, epoch: int) -> None:
        self._printed, self._at = epoch, time.monotonic()
        if not trainer.is_global_zero:
            return
        left = self._pace.left if epoch != trainer.max_epochs else ""
        words = [*results(trainer.callback_metrics), self._pace.speed, left]
        counter = f"{self._label}epoch {epoch}/{self._epochs(trainer)}"
        print("  ".join([counter, *filter(None, words)]), file=sys.stderr, flush=True)


class ProgressBar(Progress):
    """Shows one bar for the whole run, or for each of its phases as much as it adds."""

    def __init__(self, label: str = "", total: int | None = None) -> None:
        super().__init__(f"{label} " if label else "", total)
        self._bar: Tqdm | None = None

    def on_train_start(self, trainer: Trainer, *_: object) -> None:
        """Opens the bar."""
        self._pace = Pace(trainer, self._epochs(trainer))
        self._results, self._at = list[str](), 0.0
        if trainer.is_global_zero:
            self._bar = Tqdm(
                total=self._pace.total,
                initial=self._pace.done,
                file=sys.stderr,
                mininterval=0,
                miniters=0,
                bar_format=f"{self._label}{{bar}} {{percentage:3.0f}}%",
                ncols=_columns(),
                nrows=24,  # tqdm shows nothing where a terminal says that it has none
            )

    def on_train_epoch_start(self, *_: object) -> None:
        """Measures the speed anew."""
        self._pace.begin_epoch()

    def on_train_batch_end(
        self, trainer: Trainer, _module: object, outputs: object, batch: Batch, _index: int
    ) -> None:
        """Moves on by a batch, and shows its loss if there is no epoch's yet."""
        self._pace.add(batch)
        if self._bar is None or time.monotonic() - self._at < REFRESH:
            return
        loss = outputs["loss"] if isinstance(outputs, Mapping) else outputs
        current = [f"loss {shown('loss', float(loss))}"] if isinstance(loss, torch.Tensor) else []
        self._show(trainer, self._results or current)

    def on_train_epoch_end(self, trainer: Trainer, *_: object) -> None:
        """Keeps the epoch's metrics, to be shown from now on."""
        self._results = results(trainer.callback_metrics)
        if self._bar is not None and time.monotonic() - self._at >= REFRESH:
            self._show(trainer, self._results)

    def on_train_end(self, trainer: Trainer, *_: object) -> None:
        """Shows the end, and leaves the bar as it stands."""
        if self._bar is not None:
            self._show(trainer, self._results, ended=True)
        self._close()

    def on_exception(self, *_: object) -> None:
        """Leaves the bar as it stands."""
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            # tqdm draws once more when it closes, in a window that may be another by now.
            self._bar.ncols = _columns()
            self._bar.close()
            self._bar = None

    def _show(self, trainer: Trainer, found: Sequence[str], *, ended: bool = False) -> None:
        if self._bar is None:
            return
        epoch = min(trainer.current_epoch + (not ended), trainer.max_epochs or 0)
        head = f"{self._label}epoch {epoch}/{self._epochs(trainer)} "
        tail = [] if ended else [self._pace.left]
        columns = _columns()
        room = columns - len(head) - SHORTEST - len(" 100%")
        text = "".join(f"  {word}" for word in _fitting([*tail, *found, self._pace.speed], room))
        self._bar.ncols = columns
        self._bar.bar_format = f"{head}{{bar}} {{percentage:3.0f}}%{text}"
        self._bar.n = self._pace.done
        self._bar.refresh()
        self._at = time.monotonic()


def results(metrics: Mapping[str, torch.Tensor]) -> list[str]:
    """Returns loss and first other metric in training and, if there is any, in validation."""
    words = []
    for stage, prefix in (("train", ""), ("validation", "validation ")):
        names = [name for name in metrics if name.startswith(f"{stage}_")]
        others = [name for name in names if "_loss" not in name]
        for name in [*(n for n in names if n == f"{stage}_loss"), *others[:1]]:
            measure = name.removeprefix(f"{stage}_")
            before = prefix if measure == "loss" else ""
            words.append(f"{before}{title(measure)} {shown(measure, float(metrics[name]))}")
    return words


def _columns() -> int:
    """Returns the width to draw in: one less, as a full line makes some terminals scroll."""
    columns = shutil.get_terminal_size().columns  # which is that of stdout, or COLUMNS
    with suppress(OSError, ValueError):
        columns = os.get_terminal_size(sys.stderr.fileno()).columns or columns
    return max(1, columns - 1)


def _fitting(words: Iterable[str], room: int) -> list[str]:
    """Returns the first of some words, as many as there is room for with two spaces before each."""
    kept = []
    for word in filter(None, words):
        room -= len(word) + 2
        if room < 0:
            break
        kept.append(word)
    return kept
