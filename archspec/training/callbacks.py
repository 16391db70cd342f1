"""What happens beside the training loop: a row of metrics per epoch, and progress."""

from __future__ import annotations

import math
import shutil
import sys

from lightning import Callback, Trainer
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm

from archspec.training.errors import TrainingError

LINES = 10
"""About how many lines of progress a run prints where there is no terminal."""


class Record(Callback):
    """Logs one row per epoch, and stops a run whose loss is no number any more.

    Attributes:
        rows: The metrics of each epoch so far.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: Trainer, *_: object) -> None:
        """Logs the epoch's metrics and learning rate.

        Raises:
            TrainingError: The loss is not finite.
        """
        epoch = trainer.current_epoch + 1
        metrics = {name: round(float(v), 6) for name, v in trainer.callback_metrics.items()}
        row = {"epoch": epoch, "lr": trainer.optimizers[0].param_groups[0]["lr"], **metrics}
        self.rows.append(row)
        if trainer.logger is not None:
            trainer.logger.log_metrics(row, step=trainer.global_step)
        if not math.isfinite(row["train_loss"]):
            raise TrainingError(
                f"training diverged: the loss is {row['train_loss']} in epoch {epoch}",
                f"use a smaller learning rate than {row['lr']:g}",
            )


class ProgressLines(Callback):
    """Prints about ten lines of progress over the whole run on stderr."""

    def on_train_epoch_end(self, trainer: Trainer, *_: object) -> None:
        """Prints a line, if it is time for one."""
        epoch, epochs = trainer.current_epoch + 1, trainer.max_epochs or 0
        if epoch % math.ceil(epochs / LINES) == 0 or epoch == epochs:
            print(
                f"epoch {epoch}/{epochs}  {'  '.join(_results(trainer))}",
                file=sys.stderr,
                flush=True,
            )


class ProgressBar(Callback):
    """Shows one bar for the whole run on stderr.

    Lightning's own begins anew with each epoch, which for small data is many times a second.
    """

    def on_train_start(self, trainer: Trainer, *_: object) -> None:
        """Opens the bar."""
        steps = int(trainer.estimated_stepping_batches)
        size = shutil.get_terminal_size()  # tqdm itself shows nothing where a terminal says 0×0
        self._bar = Tqdm(
            total=steps,
            file=sys.stderr,
            bar_format="{desc} {bar} {percentage:3.0f}% {remaining} left{postfix}",
            ncols=size.columns,
            nrows=size.lines,
        )

    def on_train_batch_end(self, *_: object) -> None:
        """Moves on by a step."""
        self._bar.update()

    def on_train_epoch_end(self, trainer: Trainer, *_: object) -> None:
        """Shows the epoch's metrics."""
        epoch = trainer.current_epoch + 1
        self._bar.set_description(f"epoch {epoch}/{trainer.max_epochs}", refresh=False)
        self._bar.set_postfix_str(_results(trainer)[-1], refresh=False)

    def on_train_end(self, *_: object) -> None:
        """Leaves the bar as it stands."""
        self._bar.close()

    def on_exception(self, *_: object) -> None:
        """Leaves the bar as it stands."""
        if hasattr(self, "_bar"):
            self._bar.close()


def _results(trainer: Trainer) -> list[str]:
    """Returns the epoch's results in training and, the last, in validation, if there is any."""
    metrics = trainer.callback_metrics
    return [
        f"{prefix}loss {float(metrics[f'{stage}_loss']):.4g}  "
        f"accuracy {float(metrics[f'{stage}_accuracy']):.1%}"
        for stage, prefix in (("train", ""), ("validation", "validation "))
        if f"{stage}_loss" in metrics
    ]
